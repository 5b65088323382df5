package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * A border of one value around x: {@code before[i]} and {@code after[i]} elements along axis i.
 *
 * <p>Gradient: the part of dy that x fills; saves x's shape.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless both lists have a number for each
 * axis, {@link IllegalArgumentException} if one is negative.
 *
 * @param before elements added at each axis' start
 * @param after elements added at each axis' end
 * @param value what they are
 */
public record Pad(List<Integer> before, List<Integer> after, double value)
    implements Op.Unary<Pad.Saved> {
  /** The input's shape. */
  public record Saved(Shape shape) {}

  public Pad {
    before = List.copyOf(before);
    after = List.copyOf(after);
    if (before.stream().anyMatch(n -> n < 0) || after.stream().anyMatch(n -> n < 0)) {
      throw new IllegalArgumentException(
          "pad: sizes must not be negative; got " + before + " before and " + after + " after");
    }
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    int rank = x.shape().rank();
    Check.same("pad", "before must have a size for each axis", before.size(), rank, x);
    Check.same("pad", "after must have a size for each axis", after.size(), rank, x);
    int[] dims = x.shape().toArray();
    for (int i = 0; i < rank; i++) {
      dims[i] = padded(x, i);
    }
    Tensor y = Tensor.full(x.backend(), x.dtype(), Shape.of(dims), value);
    int[] strides = y.shape().strides();
    int[] sizes = x.shape().toArray();
    x.backend().run(new Kernel.Copy(x, 0, x.shape().strides(), y, offset(strides), strides, sizes));
    return new Result<>(y, new Saved(x.shape()));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    Shape shape = saved.shape();
    Tensor dx = dy.backend().empty(shape, dy.dtype());
    int[] strides = dy.shape().strides();
    dy.backend()
        .run(
            new Kernel.Copy(dy, offset(strides), strides, dx, 0, shape.strides(), shape.toArray()));
    return dx;
  }

  private int padded(Tensor x, int axis) {
    long size = (long) x.shape().dim(axis) + before.get(axis) + after.get(axis);
    Check.that(size <= Integer.MAX_VALUE, "pad", size + " elements are too many", x);
    return (int) size;
  }

  private int offset(int[] strides) {
    int offset = 0;
    for (int i = 0; i < strides.length; i++) {
      offset += before.get(i) * strides[i];
    }
    return offset;
  }

  /** One side, both sides, uneven, and nothing. */
  public static List<Example<Pad>> examples() {
    return List.of(
        Example.of(new Pad(List.of(1), List.of(2), 0.5), Shape.of(3)),
        Example.of(new Pad(List.of(0, 0, 1, 0), List.of(0, 2, 0, 0), 0), Shape.of(2, 3, 2, 3)),
        Example.of(new Pad(List.of(0, 3), List.of(0, 0), -1), Shape.of(1, 5)),
        Example.of(new Pad(List.of(0, 0), List.of(0, 0), 0), Shape.of(2, 2)));
  }
}
