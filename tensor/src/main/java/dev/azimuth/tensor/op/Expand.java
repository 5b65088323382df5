package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * x repeated along its axes of size 1 and along new leading axes.
 *
 * <p>Gradient: dy summed over what was repeated; saves x's shape.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless each size of x, aligned at the last
 * axis, is 1 or the target's.
 *
 * @param shape y's shape
 */
public record Expand(Shape shape) implements Op.Unary<Expand.Saved> {
  /** The input's shape. */
  public record Saved(Shape shape) {}

  @Override
  public Result<Saved> forward(Tensor x) {
    int missing = shape.rank() - x.shape().rank();
    Check.that(missing >= 0, "expand", "axes can't disappear, to " + shape, x);
    for (int i = 0; i < x.shape().rank(); i++) {
      int from = x.shape().dim(i);
      int to = shape.dim(i + missing);
      Check.that(
          from == to || from == 1,
          "expand",
          "only size 1 can be repeated, not " + from + " to " + to + " for " + shape,
          x);
    }
    return new Result<>(Broadcasting.expand(x, shape), new Saved(x.shape()));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    return Broadcasting.sumTo(dy, saved.shape());
  }

  /** New axes, repeated axes, both, and nothing to do. */
  public static List<Example<Expand>> examples() {
    return List.of(
        Example.of(new Expand(Shape.of(3, 7)), Shape.of(7)),
        Example.of(new Expand(Shape.of(2, 3, 5)), Shape.of(2, 1, 5)),
        Example.of(new Expand(Shape.of(2, 3, 4, 5)), Shape.of(3, 1, 1)),
        Example.of(new Expand(Shape.of(2, 2)), Shape.of()),
        Example.of(new Expand(Shape.of(4)), Shape.of(4)));
  }
}
