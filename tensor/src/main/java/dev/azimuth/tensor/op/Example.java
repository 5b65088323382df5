package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Shape;
import java.util.List;
import java.util.Set;

/**
 * An operation with input shapes on which the gradient suite checks it.
 *
 * @param op the operation
 * @param inputs the inputs' shapes
 * @param low where the inputs' values are drawn from, uniformly
 * @param high the end of that interval
 * @param gap the inputs' values keep at least this distance from each other and from the op's kinks
 *     at multiples of 1, so that no difference quotient crosses a kink; 0 if the op is smooth
 * @param withoutGradient numbers of the inputs whose gradient is zero or absent here, such as the
 *     keys of an attention over one token; a suite fails on any other zero
 */
public record Example<O extends Op<?>>(
    O op, List<Shape> inputs, double low, double high, double gap, Set<Integer> withoutGradient) {

  /** The op on inputs of these shapes, values in (-2, 2). */
  public static <O extends Op<?>> Example<O> of(O op, Shape... inputs) {
    return new Example<>(op, List.of(inputs), -2, 2, 0, Set.of());
  }

  /** The same with values from another interval, as the op's domain asks. */
  public Example<O> between(double from, double to) {
    return new Example<>(op, inputs, from, to, gap, withoutGradient);
  }

  /** The same with values kept apart, for ops with kinks such as a maximum. */
  public Example<O> apart(double distance) {
    return new Example<>(op, inputs, low, high, distance, withoutGradient);
  }

  /** The same where no gradient reaches these inputs. */
  public Example<O> withoutGradient(Integer... numbers) {
    return new Example<>(op, inputs, low, high, gap, Set.of(numbers));
  }
}
