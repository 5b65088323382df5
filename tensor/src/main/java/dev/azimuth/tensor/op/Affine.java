package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * {@code y = scale * x + shift} with two numbers.
 *
 * <p>Shapes: x of any shape to y of the same.
 *
 * <p>Gradient: {@code dx = scale * dy}; saves nothing.
 *
 * @param scale what x is multiplied by
 * @param shift what is added then
 */
public record Affine(double scale, double shift) implements Op.Unary<Affine.Saved> {
  /** Nothing. */
  public record Saved() {}

  @Override
  public Result<Saved> forward(Tensor x) {
    return new Result<>(apply(x, scale, shift), new Saved());
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    return scale == 1 ? dy : apply(dy, scale, 0);
  }

  private static Tensor apply(Tensor x, double scale, double shift) {
    Tensor y = x.backend().empty(x.shape(), x.dtype());
    x.backend().run(new Kernel.Affine(x, scale, shift, y));
    return y;
  }

  /** Scale and shift alone and together. */
  public static List<Example<Affine>> examples() {
    return List.of(
        Example.of(new Affine(-1.5, 0.25), Shape.of(3, 33)),
        Example.of(new Affine(1, 2), Shape.of(1)),
        Example.of(new Affine(0, 1), Shape.of(5)).withoutGradient(0),
        Example.of(new Affine(3, 0), Shape.of()));
  }
}
