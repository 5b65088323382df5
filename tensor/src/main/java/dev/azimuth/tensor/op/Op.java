package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A differentiable operation: its value and its vector-Jacobian product, side by side.
 *
 * <p>The family is sealed with one open door, {@link CustomOp}; every permitted record has a static
 * {@code examples()}, from which the gradient-check suite covers it.
 *
 * @param <S> what the gradient needs, the op's nested record {@code Saved}
 */
public sealed interface Op<S> permits Op.Unary, Op.Binary, Op.Several, CustomOp {

  /** An operation's value, and what its gradient needs. */
  record Result<S>(Tensor value, S saved) {}

  /** Which inputs the caller wants the gradient of. */
  @FunctionalInterface
  interface Wanted {
    /** Whether input {@code index} is wanted. */
    boolean input(int index);
  }

  /**
   * The value; the inputs are untracked.
   *
   * @throws dev.azimuth.tensor.ShapeException if the inputs' shapes don't fit
   */
  Result<S> forward(List<Tensor> inputs);

  /**
   * From the gradient of the value to those of the inputs, in their order: null where not wanted or
   * where no gradient reaches the input.
   */
  List<@Nullable Tensor> vjp(S saved, Tensor dy, Wanted wanted);

  /** An operation on one tensor. */
  sealed interface Unary<S> extends Op<S>
      permits Map,
          Affine,
          Clamp,
          Reduce,
          Variance,
          Reshape,
          Permute,
          Expand,
          Slice,
          Pad,
          Resize,
          AvgPool2d,
          MaxPool2d,
          Softmax,
          LogSoftmax,
          Dropout,
          Embedding,
          CrossEntropy,
          Geglu {
    /** The value of one input. */
    Result<S> forward(Tensor x);

    /** The gradient of that input. */
    Tensor vjp(S saved, Tensor dy);

    @Override
    default Result<S> forward(List<Tensor> inputs) {
      return forward(inputs.get(0));
    }

    @Override
    default List<@Nullable Tensor> vjp(S saved, Tensor dy, Wanted wanted) {
      return List.of(vjp(saved, dy));
    }
  }

  /** An operation on two tensors. */
  sealed interface Binary<S> extends Op<S> permits Arithmetic, Matmul, MeanSquaredError {
    /** The value of two inputs. */
    Result<S> forward(Tensor a, Tensor b);

    @Override
    default Result<S> forward(List<Tensor> inputs) {
      return forward(inputs.get(0), inputs.get(1));
    }
  }

  /** An operation on three or more tensors, or on a number that varies. */
  sealed interface Several<S> extends Op<S>
      permits Where, Concat, Linear, Conv2d, GroupNorm, LayerNorm, BatchNorm, Attention {}

  /** Gradients in the order of the inputs, any of them null; {@code List.of} refuses nulls. */
  static List<@Nullable Tensor> gradients(@Nullable Tensor... gradients) {
    return Arrays.asList(gradients);
  }
}
