package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * {@code y = x - max x - ln sum exp(x - max x)} along an axis.
 *
 * <p>Shapes: x of any shape to y of the same; the exponentials along the axis sum to 1.
 *
 * <p>Gradient: {@code dx = dy - exp(y) * sum(dy)}; saves y, the axis brought to the end.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} if there is no such axis or nothing along it.
 *
 * @param axis which axis; negative ones count from the end
 */
public record LogSoftmax(int axis) implements Op.Unary<LogSoftmax.Saved> {
  /** The value, with the axis last. */
  public record Saved(Tensor y) {}

  @Override
  public Result<Saved> forward(Tensor x) {
    int columns = x.shape().dim(axis);
    Check.that(columns > 0, "log_softmax", "needs an element along axis " + axis, x);
    Tensor turned = Axes.swapWithLast(x, axis);
    Tensor y = x.backend().empty(turned.shape(), x.dtype());
    x.backend().run(new Kernel.LogSoftmax(turned, y, x.shape().size() / columns, columns));
    return new Result<>(Axes.swapWithLast(y, axis), new Saved(y));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    int columns = dy.shape().dim(axis);
    Tensor turned = Axes.swapWithLast(dy, axis);
    Tensor dx = dy.backend().empty(turned.shape(), dy.dtype());
    int rows = dy.shape().size() / columns;
    dy.backend().run(new Kernel.LogSoftmaxVjp(saved.y(), turned, dx, rows, columns));
    return Axes.swapWithLast(dx, axis);
  }

  /** Last, first and middle axis, one element among them. */
  public static List<Example<LogSoftmax>> examples() {
    return List.of(
        Example.of(new LogSoftmax(-1), Shape.of(3, 33)),
        Example.of(new LogSoftmax(1), Shape.of(2, 5, 3)),
        Example.of(new LogSoftmax(0), Shape.of(4, 3)),
        Example.of(new LogSoftmax(0), Shape.of(7)),
        Example.of(new LogSoftmax(1), Shape.of(3, 1)).withoutGradient(0));
  }
}
