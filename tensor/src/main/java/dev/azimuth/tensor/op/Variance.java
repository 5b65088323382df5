package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * Variance over axes, {@code y = sum((x - mean x)²) / (count - correction)}.
 *
 * <p>Shapes: x of any shape; in y the axes have size 1 if {@code keepDims} and are gone otherwise.
 *
 * <p>Gradient: {@code dx = dy * 2 (x - mean x) / (count - correction)}; saves x - mean x.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} if there is no such axis, one comes twice, or
 * count doesn't exceed the correction.
 *
 * @param axes which axes; negative ones count from the end
 * @param correction 1 for the unbiased estimate, 0 for the mean square
 * @param keepDims whether the axes stay, with size 1
 */
public record Variance(List<Integer> axes, int correction, boolean keepDims)
    implements Op.Unary<Variance.Saved> {
  /** Deviations from the mean, the reduced shape with axes kept, and count - correction. */
  public record Saved(Tensor deviation, Shape kept, int divisor) {}

  public Variance {
    axes = List.copyOf(axes);
    if (correction < 0) {
      throw new IllegalArgumentException(
          "variance: correction must not be negative: " + correction);
    }
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    boolean[] mask = Axes.mask("variance", x.shape(), axes);
    Shape kept = Axes.kept(x.shape(), mask);
    int count = x.shape().size() / Math.max(1, kept.size());
    Check.that(
        count > correction,
        "variance",
        "needs more elements than the correction, " + count + " <= " + correction,
        x);
    Tensor deviation = x.sub(Axes.reduce(Reduction.MEAN, x, mask));
    int divisor = count - correction;
    Tensor y = Axes.reduce(Reduction.SUM, deviation.square(), mask).mul(1.0 / divisor);
    Tensor value = keepDims ? y : Axes.view(y, Axes.dropped(x.shape(), mask));
    return new Result<>(value, new Saved(deviation, kept, divisor));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    // the mean's own gradient falls out, for deviations sum to 0
    return saved.deviation().mul(Axes.view(dy, saved.kept()).mul(2.0 / saved.divisor()));
  }

  /** Both corrections over one, several and all axes. */
  public static List<Example<Variance>> examples() {
    return List.of(
        Example.of(new Variance(List.of(0, 1), 1, false), Shape.of(3, 5)),
        Example.of(new Variance(List.of(-1), 0, true), Shape.of(4, 7)),
        Example.of(new Variance(List.of(0, 2), 1, false), Shape.of(2, 3, 4)),
        Example.of(new Variance(List.of(0), 0, false), Shape.of(2)));
  }
}
