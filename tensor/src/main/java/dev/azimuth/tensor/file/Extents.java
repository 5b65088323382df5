package dev.azimuth.tensor.file;

import java.util.Arrays;

/** Arithmetic on shapes that come from files, where any product may overflow. */
final class Extents {
  /** The largest rank read: numpy's own limit. */
  static final int MAX_RANK = 64;

  /** The longest array that every JVM can allocate. */
  static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private Extents() {}

  /** The number of values of a shape (1 for rank 0), or -1 if it exceeds a {@code long}. */
  static long count(long... shape) {
    long count = 1;
    boolean overflow = false;
    for (long extent : shape) {
      if (extent == 0) {
        return 0;
      }
      overflow |= Math.multiplyHigh(count, extent) != 0 || count * extent < 0;
      count *= extent;
    }
    return overflow ? -1 : count;
  }

  /** {@link #count} of an {@code int} shape. */
  static long count(int... shape) {
    long[] extents = new long[shape.length];
    for (int i = 0; i < shape.length; i++) {
      extents[i] = shape[i];
    }
    return count(extents);
  }

  /**
   * Checks an array that is to be written.
   *
   * @throws IllegalArgumentException if an extent is negative or the shape doesn't have {@code
   *     length} values
   */
  static void check(String what, long length, int... shape) {
    for (int extent : shape) {
      if (extent < 0) {
        throw new IllegalArgumentException(
            what + ": negative extent in shape " + Arrays.toString(shape));
      }
    }
    if (count(shape) != length) {
      throw new IllegalArgumentException(
          "%s: shape %s has %d values; got %d"
              .formatted(what, Arrays.toString(shape), count(shape), length));
    }
  }
}
