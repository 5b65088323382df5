package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** What several operations do with axes; nothing here keeps history. */
final class Axes {
  private Axes() {}

  /** The same elements in another shape of the same size, not copied. */
  static Tensor view(Tensor x, Shape shape) {
    return new Tensor(x.backend(), shape, x.buffer(), null);
  }

  /** Axis and last axis exchanged; x itself if they are the same. Its own inverse. */
  static Tensor swapWithLast(Tensor x, int axis) {
    int last = x.shape().rank() - 1;
    return x.shape().axis(axis) == last ? x : x.transpose(axis, last);
  }

  /**
   * For each axis whether it is in the list.
   *
   * @throws ShapeException if there is no such axis or one comes twice
   */
  static boolean[] mask(String op, Shape shape, List<Integer> axes) {
    boolean[] mask = new boolean[shape.rank()];
    for (int axis : axes) {
      if (axis < -shape.rank() || axis >= shape.rank()) {
        throw new ShapeException(op, "no axis " + axis + " among " + shape.rank(), shape);
      }
      int fromFront = shape.axis(axis);
      if (mask[fromFront]) {
        throw new ShapeException(op, "axis " + axis + " is given twice in " + axes, shape);
      }
      mask[fromFront] = true;
    }
    return mask;
  }

  /** The shape with the masked axes of size 1. */
  static Shape kept(Shape shape, boolean[] mask) {
    int[] dims = shape.toArray();
    for (int i = 0; i < dims.length; i++) {
      dims[i] = mask[i] ? 1 : dims[i];
    }
    return Shape.of(dims);
  }

  /** The shape without the masked axes. */
  static Shape dropped(Shape shape, boolean[] mask) {
    int[] dims = new int[shape.rank()];
    int rank = 0;
    for (int i = 0; i < mask.length; i++) {
      if (!mask[i]) {
        dims[rank++] = shape.dim(i);
      }
    }
    return Shape.of(Arrays.copyOf(dims, rank));
  }

  /** Reduces the masked axes to size 1: one kernel for each run of neighbouring ones. */
  static Tensor reduce(Reduction reduction, Tensor x, boolean[] mask) {
    Tensor y = x;
    int from = 0;
    while (from < mask.length) {
      int to = from;
      while (to < mask.length && mask[to]) {
        to++;
      }
      if (to > from) {
        y = reduceRun(reduction, y, from, to);
      }
      from = to + 1; // axis `to` isn't reduced
    }
    return y;
  }

  private static Tensor reduceRun(Reduction reduction, Tensor x, int from, int to) {
    Shape shape = x.shape();
    int[] dims = shape.toArray();
    Arrays.fill(dims, from, to, 1);
    int outer = shape.product(0, from);
    int reduced = shape.product(from, to);
    int inner = shape.product(to, shape.rank());
    if (reduced == 1) {
      return view(x, Shape.of(dims));
    }
    Tensor y = x.backend().empty(Shape.of(dims), x.dtype());
    x.backend().run(new Kernel.Reduce(reduction, x, y, outer, reduced, inner));
    return y;
  }

  /** Sums of the columns of dy seen as [rows, columns]: a bias's gradient. */
  static Tensor columnSums(Tensor dy, int columns) {
    Tensor sums = dy.backend().empty(Shape.of(columns), dy.dtype());
    int rows = columns == 0 ? 0 : dy.shape().size() / columns;
    dy.backend().run(new Kernel.Reduce(Reduction.SUM, dy, sums, 1, rows, columns));
    return sums;
  }
}
