package dev.azimuth.tensor.file;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A tensor in the memory of an open file: its values lie {@code strides} apart, so that it may be a
 * transposed, sliced or expanded part of what is stored. Reading copies each value once, into
 * row-major order.
 *
 * <p>Whoever makes one has checked that all its values lie within the memory.
 */
class StridedTensor implements StoredTensor {
  private final Path file;
  private final String name;
  private final ElementType type;
  private final int[] shape;
  private final MemorySegment stored;
  private final long offset;
  private final long[] strides;
  private final long count;

  /**
   * @param file for messages
   * @param stored where the values lie, little-endian
   * @param offset of the first value, counted in values
   * @param strides from one index to the next along each axis, counted in values
   */
  StridedTensor(
      Path file,
      String name,
      ElementType type,
      int[] shape,
      MemorySegment stored,
      long offset,
      long[] strides) {
    this.file = file;
    this.name = name;
    this.type = type;
    this.shape = shape.clone();
    this.stored = stored;
    this.offset = offset;
    this.strides = strides.clone();
    this.count = Extents.count(shape);
  }

  /** The strides of a tensor that is stored in row-major order without gaps. */
  static long[] rowMajor(int... shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= Math.max(1, shape[axis]);
    }
    return strides;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final ElementType type() {
    return type;
  }

  @Override
  public final int[] shape() {
    return shape.clone();
  }

  @Override
  public final long count() {
    return count;
  }

  @Override
  public final byte[] bytes() throws FileFormatException {
    int width = type.bytes();
    if (count > Extents.MAX_ARRAY / width) {
      throw refuse(count + " values of " + width + " bytes are more than one array can hold");
    }
    byte[] bytes = new byte[(int) count * width];
    MemorySegment copy = MemorySegment.ofArray(bytes);
    forEachRun(
        (from, step, to, length) -> {
          if (step == 1) {
            MemorySegment.copy(
                stored, from * width, copy, (long) to * width, (long) length * width);
            return;
          }
          for (int i = 0; i < length; i++) {
            long source = from + i * step;
            long target = (long) to + i;
            switch (width) {
              case 8 ->
                  copy.setAtIndex(
                      ElementType.LONG, target, stored.getAtIndex(ElementType.LONG, source));
              case 4 ->
                  copy.setAtIndex(
                      ElementType.INT, target, stored.getAtIndex(ElementType.INT, source));
              case 2 ->
                  copy.setAtIndex(
                      ElementType.SHORT, target, stored.getAtIndex(ElementType.SHORT, source));
              default -> bytes[to + i] = stored.get(ElementType.BYTE, source);
            }
          }
        });
    return bytes;
  }

  @Override
  public final float[] floats() throws FileFormatException {
    float[] values = new float[checkedCount()];
    forEachRun(
        (from, step, to, length) -> {
          if (type == ElementType.F32 && step == 1) {
            MemorySegment.copy(stored, ElementType.FLOAT, from * Float.BYTES, values, to, length);
          } else {
            copyFloats(from, step, values, to, length);
          }
        });
    return values;
  }

  private void copyFloats(long from, long step, float[] values, int to, int length) {
    switch (type) {
      case F32 -> {
        for (int i = 0; i < length; i++) {
          values[to + i] = stored.getAtIndex(ElementType.FLOAT, from + i * step);
        }
      }
      case F16 -> {
        for (int i = 0; i < length; i++) {
          short bits = stored.getAtIndex(ElementType.SHORT, from + i * step);
          values[to + i] = Float.float16ToFloat(bits);
        }
      }
      case BF16 -> {
        for (int i = 0; i < length; i++) {
          values[to + i] = BFloat16.toFloat(stored.getAtIndex(ElementType.SHORT, from + i * step));
        }
      }
      case I64 -> {
        for (int i = 0; i < length; i++) {
          // not by way of a double, which would round twice
          values[to + i] = stored.getAtIndex(ElementType.LONG, from + i * step);
        }
      }
      default -> {
        for (int i = 0; i < length; i++) {
          values[to + i] = (float) type.toDouble(stored, from + i * step);
        }
      }
    }
  }

  @Override
  public final double[] doubles() throws FileFormatException {
    double[] values = new double[checkedCount()];
    forEachRun(
        (from, step, to, length) -> {
          if (type == ElementType.F64 && step == 1) {
            MemorySegment.copy(stored, ElementType.DOUBLE, from * Double.BYTES, values, to, length);
            return;
          }
          for (int i = 0; i < length; i++) {
            values[to + i] = type.toDouble(stored, from + i * step);
          }
        });
    return values;
  }

  @Override
  public final long[] longs() throws FileFormatException {
    if (type.isFloatingPoint()) {
      throw refuse("integers expected; got " + type);
    }
    long[] values = new long[checkedCount()];
    forEachRun(
        (from, step, to, length) -> {
          for (int i = 0; i < length; i++) {
            values[to + i] = type.toLong(stored, from + i * step);
          }
        });
    if (type == ElementType.U64) {
      for (long value : values) {
        if (value < 0) {
          throw refuse(Long.toUnsignedString(value) + " is beyond 2^63 - 1");
        }
      }
    }
    return values;
  }

  /** Takes values that lie {@code step} apart to successive places. */
  @FunctionalInterface
  private interface Run {
    void copy(long from, long step, int to, int length);
  }

  /**
   * Goes through the values in row-major order. Axes that lie one behind the other in memory count
   * as one, so that a tensor without gaps is a single run.
   */
  private void forEachRun(Run run) {
    if (count == 0) {
      return;
    }
    int[] extents = new int[shape.length + 1];
    long[] steps = new long[shape.length + 1];
    int axes = 0;
    extents[0] = 1;
    steps[0] = 1;
    for (int axis = 0; axis < shape.length; axis++) {
      if (shape[axis] == 1) {
        continue;
      }
      boolean joins = extents[axes] == 1 || steps[axes] == strides[axis] * shape[axis];
      axes += joins ? 0 : 1;
      extents[axes] = joins ? extents[axes] * shape[axis] : shape[axis];
      steps[axes] = strides[axis];
    }
    int length = extents[axes];
    int[] index = new int[axes];
    long from = offset;
    for (long to = 0; to < count; to += length) {
      run.copy(from, steps[axes], (int) to, length);
      for (int axis = axes - 1; axis >= 0; axis--) {
        from += steps[axis];
        if (++index[axis] < extents[axis]) {
          break;
        }
        from -= steps[axis] * extents[axis];
        index[axis] = 0;
      }
    }
  }

  private int checkedCount() throws FileFormatException {
    if (count > Extents.MAX_ARRAY) {
      throw refuse(count + " values are more than one array can hold");
    }
    return (int) count;
  }

  private FileFormatException refuse(String reason) {
    return new FileFormatException(file, "tensor " + Quoted.of(name) + ": " + reason);
  }

  @Override
  public final String toString() {
    return name + " " + type + Arrays.toString(shape);
  }
}
