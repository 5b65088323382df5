package dev.azimuth.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * The sizes of a tensor along its axes, outermost first; {@code []} is a scalar.
 *
 * <p>Sizes may be zero. The number of elements fits an {@code int}.
 */
public final class Shape {
  private final int[] dims;
  private final int size;

  private Shape(int[] dims) {
    long product = 1;
    for (int dim : dims) {
      if (dim < 0) {
        throw new ShapeException(
            "shape", "sizes must not be negative, got " + Arrays.toString(dims));
      }
      product *= dim;
      if (product > Integer.MAX_VALUE - 16) {
        throw new ShapeException(
            "shape", "more elements than an array can hold in " + Arrays.toString(dims));
      }
    }
    this.dims = dims;
    this.size = (int) product;
  }

  /**
   * The shape with these sizes.
   *
   * @throws ShapeException if a size is negative or their product exceeds an array's limit
   */
  public static Shape of(int... dims) {
    return new Shape(dims.clone());
  }

  /** Number of axes. */
  public int rank() {
    return dims.length;
  }

  /** Number of elements. */
  public int size() {
    return size;
  }

  /**
   * Size along an axis; negative axes count from the end.
   *
   * @throws ShapeException if there is no such axis
   */
  public int dim(int axis) {
    return dims[axis(axis)];
  }

  /**
   * The axis counted from the front; negative axes count from the end.
   *
   * @throws ShapeException if there is no such axis
   */
  public int axis(int axis) {
    int fromFront = axis < 0 ? axis + dims.length : axis;
    if (fromFront < 0 || fromFront >= dims.length) {
      throw new ShapeException("shape", "no axis " + axis + " in " + this);
    }
    return fromFront;
  }

  /** A copy of the sizes. */
  public int[] toArray() {
    return dims.clone();
  }

  /** This shape with another size along one axis; negative axes count from the end. */
  public Shape with(int axis, int dim) {
    int[] changed = dims.clone();
    changed[axis(axis)] = dim;
    return new Shape(changed);
  }

  /** Row-major strides, in elements. */
  public int[] strides() {
    int[] strides = new int[dims.length];
    int stride = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, dims[i]);
    }
    return strides;
  }

  /** Product of the sizes of the axes {@code from} (inclusive) to {@code to} (exclusive). */
  public int product(int from, int to) {
    int product = 1;
    for (int i = from; i < to; i++) {
      product *= dims[i];
    }
    return product;
  }

  /**
   * The shape both broadcast to: aligned at the last axis, equal sizes or 1.
   *
   * @throws ShapeException if two aligned sizes differ and neither is 1
   */
  public static Shape broadcast(String op, Shape a, Shape b) {
    int rank = Math.max(a.rank(), b.rank());
    int[] dims = new int[rank];
    for (int i = 0; i < rank; i++) {
      int p = i - (rank - a.rank());
      int q = i - (rank - b.rank());
      int da = p < 0 ? 1 : a.dims[p];
      int db = q < 0 ? 1 : b.dims[q];
      if (da != db && da != 1 && db != 1) {
        throw new ShapeException(
            op, "sizes must be equal or 1 along each axis, " + da + " != " + db, a, b);
      }
      dims[i] = da == 1 ? db : da;
    }
    return new Shape(dims);
  }

  /** Strides that walk this shape while iterating over {@code target}: 0 where it is repeated. */
  public int[] broadcastStrides(Shape target) {
    int[] own = strides();
    int[] strides = new int[target.rank()];
    int missing = target.rank() - rank();
    for (int i = 0; i < rank(); i++) {
      strides[i + missing] = dims[i] == 1 ? 0 : own[i];
    }
    return strides;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  @Override
  public String toString() {
    return Arrays.stream(dims)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(", ", "[", "]"));
  }
}
