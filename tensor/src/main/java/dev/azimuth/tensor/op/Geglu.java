package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * {@code y = a * gelu(g)} for the halves [a, g] of the last axis, with the exact GELU (Shazeer
 * 2020).
 *
 * <p>Shapes: x {@code [..., 2 D]} to y {@code [..., D]}.
 *
 * <p>Gradient: {@code da = dy * gelu(g)}, {@code dg = dy * a * gelu'(g)}; saves x.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless x has a last axis of even size.
 */
public record Geglu() implements Op.Unary<Geglu.Saved> {
  /** The input. */
  public record Saved(Tensor x) {}

  @Override
  public Result<Saved> forward(Tensor x) {
    Check.rankAtLeast("geglu", "x", x, 1);
    int width = x.shape().dim(-1);
    Check.that(width % 2 == 0, "geglu", "the last axis must have halves, " + width + " is odd", x);
    Tensor y = x.backend().empty(x.shape().with(-1, width / 2), x.dtype());
    x.backend().run(new Kernel.Geglu(x, y));
    return new Result<>(y, new Saved(x));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    Tensor dx = dy.backend().empty(saved.x().shape(), dy.dtype());
    dy.backend().run(new Kernel.GegluVjp(saved.x(), dy, dx));
    return dx;
  }

  /** Tokens, odd widths, a single pair. */
  public static List<Example<Geglu>> examples() {
    return List.of(
        Example.of(new Geglu(), Shape.of(2, 3, 10)),
        Example.of(new Geglu(), Shape.of(1, 66)),
        Example.of(new Geglu(), Shape.of(2)));
  }
}
