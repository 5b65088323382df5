package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * Axes in another order: axis i of y is axis {@code order[i]} of x.
 *
 * <p>Gradient: dy with the axes in their old order; saves nothing.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the order names each axis once.
 *
 * @param order x's axes in y's order; negative ones count from the end
 */
public record Permute(List<Integer> order) implements Op.Unary<Permute.Saved> {
  /** Nothing. */
  public record Saved() {}

  public Permute {
    order = List.copyOf(order);
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    Check.same("permute", "the order must name each axis once", order.size(), x.shape().rank(), x);
    Axes.mask("permute", x.shape(), order);
    int[] axes = order.stream().mapToInt(x.shape()::axis).toArray();
    return new Result<>(copy(x, axes), new Saved());
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    int[] inverse = new int[order.size()];
    for (int i = 0; i < inverse.length; i++) {
      inverse[dy.shape().axis(order.get(i))] = i;
    }
    return copy(dy, inverse);
  }

  private static Tensor copy(Tensor x, int[] axes) {
    int[] strides = x.shape().strides();
    int[] sizes = new int[axes.length];
    int[] reads = new int[axes.length];
    int lastMoved = -1;
    boolean moves = false;
    for (int i = 0; i < axes.length; i++) {
      sizes[i] = x.shape().dim(axes[i]);
      reads[i] = strides[axes[i]];
      if (sizes[i] != 1) {
        moves |= axes[i] < lastMoved;
        lastMoved = axes[i];
      }
    }
    Shape shape = Shape.of(sizes);
    if (!moves) {
      return Axes.view(x, shape); // only axes of size 1 change places
    }
    Tensor y = x.backend().empty(shape, x.dtype());
    x.backend().run(new Kernel.Copy(x, 0, reads, y, 0, shape.strides(), sizes));
    return y;
  }

  /** A transposition, longer cycles, axes of size 1 and the identity. */
  public static List<Example<Permute>> examples() {
    return List.of(
        Example.of(new Permute(List.of(1, 0)), Shape.of(3, 7)),
        Example.of(new Permute(List.of(0, 3, 1, 2)), Shape.of(2, 3, 4, 5)),
        Example.of(new Permute(List.of(-1, 0, 1)), Shape.of(2, 3, 5)),
        Example.of(new Permute(List.of(1, 0, 2)), Shape.of(3, 1, 2)),
        Example.of(new Permute(List.of(0)), Shape.of(4)));
  }
}
