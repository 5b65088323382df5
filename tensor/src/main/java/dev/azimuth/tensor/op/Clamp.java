package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * {@code y = min(max(x, low), high)}.
 *
 * <p>Shapes: x of any shape to y of the same.
 *
 * <p>Gradient: {@code dx = dy} where {@code low <= x <= high}, 0 elsewhere; saves x.
 *
 * <p>Throws {@link IllegalArgumentException} unless {@code low <= high}; either may be infinite.
 *
 * @param low the smallest value of y
 * @param high the largest value of y
 */
public record Clamp(double low, double high) implements Op.Unary<Clamp.Saved> {
  /** The input. */
  public record Saved(Tensor x) {}

  public Clamp {
    if (!(low <= high)) {
      throw new IllegalArgumentException("clamp: low must not exceed high, " + low + " > " + high);
    }
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    Tensor y = x.backend().empty(x.shape(), x.dtype());
    x.backend().run(new Kernel.Clamp(x, low, high, y));
    return new Result<>(y, new Saved(x));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    Tensor dx = dy.backend().empty(dy.shape(), dy.dtype());
    dy.backend().run(new Kernel.ClampVjp(saved.x(), low, high, dy, dx));
    return dx;
  }

  /** Values inside, below and above. */
  public static List<Example<Clamp>> examples() {
    return List.of(
        Example.of(new Clamp(-1, 1), Shape.of(3, 7)).apart(0.02),
        Example.of(new Clamp(Double.NEGATIVE_INFINITY, 0), Shape.of(9)).apart(0.02),
        Example.of(new Clamp(0, Double.POSITIVE_INFINITY), Shape.of(1)).between(0, 2).apart(0.02));
  }
}
