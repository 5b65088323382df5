package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code y = mean((a - b)²)} over all elements.
 *
 * <p>Shapes: a and b of one shape, with at least one element, to a scalar y {@code []}.
 *
 * <p>Gradient: {@code da = 2 (a - b) dy / size}, {@code db = -da}; saves a - b.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the shapes are equal and not empty: a
 * loss that broadcasts by itself hides mistakes.
 */
public record MeanSquaredError() implements Op.Binary<MeanSquaredError.Saved> {
  /** The difference. */
  public record Saved(Tensor difference) {}

  @Override
  public Result<Saved> forward(Tensor a, Tensor b) {
    Check.that(
        a.shape().equals(b.shape()),
        "mean_squared_error",
        "shapes must be equal, " + a.shape() + " != " + b.shape(),
        a,
        b);
    Check.that(a.shape().size() > 0, "mean_squared_error", "needs an element", a, b);
    Tensor difference = a.sub(b);
    return new Result<>(difference.square().mean(), new Saved(difference));
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Tensor difference = saved.difference();
    Tensor da = difference.mul(dy.mul(2.0 / difference.shape().size()));
    return Op.gradients(wanted.input(0) ? da : null, wanted.input(1) ? da.negate() : null);
  }

  /** Several elements and one. */
  public static List<Example<MeanSquaredError>> examples() {
    return List.of(
        Example.of(new MeanSquaredError(), Shape.of(2, 3, 5), Shape.of(2, 3, 5)),
        Example.of(new MeanSquaredError(), Shape.of(), Shape.of()));
  }
}
