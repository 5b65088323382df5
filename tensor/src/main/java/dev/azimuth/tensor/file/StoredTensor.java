package dev.azimuth.tensor.file;

/**
 * One tensor of an open {@link TensorFile}; however it is stored, it is read in row-major order.
 */
public interface StoredTensor {
  String name();

  ElementType type();

  /** The extents; empty for a scalar, which has one value. */
  int[] shape();

  /** The number of values. */
  long count();

  /**
   * A copy of the values as they are stored, little-endian.
   *
   * @throws FileFormatException if there are more bytes than an array can hold
   */
  byte[] bytes() throws FileFormatException;

  /**
   * A copy of the values as float32: exact from F32, F16, BF16 and integers below 2^24, rounded
   * from others.
   *
   * @throws FileFormatException if there are more than an array can hold
   */
  float[] floats() throws FileFormatException;

  /**
   * A copy of the values as float64: exact but for integers beyond 2^53, which are rounded.
   *
   * @throws FileFormatException if there are more than an array can hold
   */
  double[] doubles() throws FileFormatException;

  /**
   * A copy of the values as integers; BOOL gives 0 and 1.
   *
   * @throws FileFormatException if the type is floating-point, a value is beyond 2^63 - 1, or there
   *     are more than an array can hold
   */
  long[] longs() throws FileFormatException;
}
