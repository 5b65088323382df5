package dev.azimuth.tensor.cpu;

import java.util.Arrays;

/**
 * A multi-index range walked by two operands, each with its own stride along every axis; axes of
 * size 1 are dropped and neighbours along which both operands step alike are merged.
 */
final class Strided {
  private final int[] sizes;
  private final int[] xStrides;
  private final int[] yStrides;

  private Strided(int[] sizes, int[] xStrides, int[] yStrides) {
    this.sizes = sizes;
    this.xStrides = xStrides;
    this.yStrides = yStrides;
  }

  /**
   * The range of {@code sizes}, none of them 0, in the fewest axes that describe it; at least one.
   */
  static Strided merged(int[] sizes, int[] xStrides, int[] yStrides) {
    int[] size = new int[Math.max(1, sizes.length)];
    int[] x = new int[size.length];
    int[] y = new int[size.length];
    int rank = 0;
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] == 1) {
        continue;
      }
      boolean continues =
          rank > 0
              && x[rank - 1] == xStrides[i] * sizes[i]
              && y[rank - 1] == yStrides[i] * sizes[i];
      if (continues) {
        size[rank - 1] *= sizes[i];
      } else {
        size[rank++] = sizes[i];
      }
      x[rank - 1] = xStrides[i];
      y[rank - 1] = yStrides[i];
    }
    if (rank == 0) {
      return new Strided(new int[] {1}, new int[] {1}, new int[] {1});
    }
    return new Strided(Arrays.copyOf(size, rank), Arrays.copyOf(x, rank), Arrays.copyOf(y, rank));
  }

  int rank() {
    return sizes.length;
  }

  int size(int axis) {
    return sizes[axis];
  }

  int xStride(int axis) {
    return xStrides[axis];
  }

  int yStride(int axis) {
    return yStrides[axis];
  }

  /** The same range with another order of the axes. */
  Strided ordered(int... order) {
    int[] size = new int[order.length];
    int[] x = new int[order.length];
    int[] y = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      size[i] = sizes[order[i]];
      x[i] = xStrides[order[i]];
      y[i] = yStrides[order[i]];
    }
    return new Strided(size, x, y);
  }

  /** Number of multi-indices of the first {@code axes} axes. */
  int count(int axes) {
    int count = 1;
    for (int i = 0; i < axes; i++) {
      count *= sizes[i];
    }
    return count;
  }

  /** A walk over the first {@code axes} axes that starts at the given row-major position. */
  Cursor cursor(int axes, int position) {
    return new Cursor(axes, position);
  }

  /** Where both operands are on a walk over the outer axes. */
  final class Cursor {
    private final int[] index;
    private int x;
    private int y;

    private Cursor(int axes, int position) {
      index = new int[axes];
      int rest = position;
      for (int i = axes - 1; i >= 0; i--) {
        index[i] = rest % sizes[i];
        rest /= sizes[i];
        x += index[i] * xStrides[i];
        y += index[i] * yStrides[i];
      }
    }

    /** Offset into the first operand. */
    int x() {
      return x;
    }

    /** Offset into the second operand. */
    int y() {
      return y;
    }

    /** To the next multi-index, the last axis fastest. */
    void advance() {
      for (int i = index.length - 1; i >= 0; i--) {
        x += xStrides[i];
        y += yStrides[i];
        if (++index[i] < sizes[i]) {
          return;
        }
        x -= xStrides[i] * sizes[i];
        y -= yStrides[i] * sizes[i];
        index[i] = 0;
      }
    }
  }
}
