package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * {@code y = exp(x - max x) / sum} along an axis.
 *
 * <p>Shapes: x of any shape to y of the same; each run along the axis sums to 1.
 *
 * <p>Gradient: {@code dx = y * (dy - sum(y * dy))}; saves y, the axis brought to the end.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} if there is no such axis or nothing along it.
 *
 * @param axis which axis; negative ones count from the end
 */
public record Softmax(int axis) implements Op.Unary<Softmax.Saved> {
  /** The value, with the axis last. */
  public record Saved(Tensor y) {}

  @Override
  public Result<Saved> forward(Tensor x) {
    int columns = x.shape().dim(axis);
    Check.that(columns > 0, "softmax", "needs an element along axis " + axis, x);
    Tensor turned = Axes.swapWithLast(x, axis);
    Tensor y = x.backend().empty(turned.shape(), x.dtype());
    x.backend().run(new Kernel.Softmax(turned, y, x.shape().size() / columns, columns));
    return new Result<>(Axes.swapWithLast(y, axis), new Saved(y));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    int columns = dy.shape().dim(axis);
    Tensor turned = Axes.swapWithLast(dy, axis);
    Tensor dx = dy.backend().empty(turned.shape(), dy.dtype());
    int rows = dy.shape().size() / columns;
    dy.backend().run(new Kernel.SoftmaxVjp(saved.y(), turned, dx, rows, columns));
    return Axes.swapWithLast(dx, axis);
  }

  /** Last, first and middle axis, one element among them. */
  public static List<Example<Softmax>> examples() {
    return List.of(
        Example.of(new Softmax(-1), Shape.of(3, 33)),
        Example.of(new Softmax(1), Shape.of(2, 5, 3)),
        Example.of(new Softmax(0), Shape.of(4, 3)),
        Example.of(new Softmax(0), Shape.of(7)),
        Example.of(new Softmax(1), Shape.of(3, 1)).withoutGradient(0));
  }
}
