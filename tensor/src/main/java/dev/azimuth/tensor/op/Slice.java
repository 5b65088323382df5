package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * Elements {@code from} (inclusive) to {@code to} (exclusive) along an axis.
 *
 * <p>Gradient: dy in its place among zeros; saves x's shape.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless {@code 0 <= from <= to <= size}.
 *
 * @param axis which axis; negative ones count from the end
 * @param from the first element
 * @param to the end, exclusive
 */
public record Slice(int axis, int from, int to) implements Op.Unary<Slice.Saved> {
  /** The input's shape. */
  public record Saved(Shape shape) {}

  @Override
  public Result<Saved> forward(Tensor x) {
    int size = x.shape().dim(axis);
    Check.that(
        0 <= from && from <= to && to <= size,
        "slice",
        "must lie within the axis, " + from + " to " + to + " of " + size + " along axis " + axis,
        x);
    Tensor y = x.backend().empty(x.shape().with(axis, to - from), x.dtype());
    copyPart(x, axis, from, y, 0, to - from);
    return new Result<>(y, new Saved(x.shape()));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    Tensor dx = Tensor.zeros(dy.backend(), dy.dtype(), saved.shape());
    copyPart(dy, axis, 0, dx, from, to - from);
    return dx;
  }

  /** Copies {@code count} elements along an axis from x, starting at xFrom, to y at yFrom. */
  static void copyPart(Tensor x, int axis, int xFrom, Tensor y, int yFrom, int count) {
    Shape shape = x.shape();
    int fromFront = shape.axis(axis);
    int outer = shape.product(0, fromFront);
    int inner = shape.product(fromFront + 1, shape.rank());
    x.backend()
        .run(
            new Kernel.Copy(
                x,
                xFrom * inner,
                new int[] {x.shape().dim(axis) * inner, 1},
                y,
                yFrom * inner,
                new int[] {y.shape().dim(axis) * inner, 1},
                new int[] {outer, count * inner}));
  }

  /** First, middle and last axis; ends, middles and the whole. */
  public static List<Example<Slice>> examples() {
    return List.of(
        Example.of(new Slice(0, 1, 3), Shape.of(4, 3)),
        Example.of(new Slice(1, 0, 2), Shape.of(2, 3, 5)),
        Example.of(new Slice(-1, 4, 7), Shape.of(3, 7)),
        Example.of(new Slice(0, 0, 1), Shape.of(1)));
  }
}
