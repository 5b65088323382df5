package dev.azimuth.kernels;

import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;

/**
 * A tensor's elements in device memory.
 *
 * @param pointer where the first is
 * @param size number of elements
 * @param dtype what they are while computed with
 * @param isHalved whether they rest in half precision, to be read only
 */
record DeviceBuffer(DevicePointer pointer, int size, DType dtype, boolean isHalved)
    implements Buffer {
  /** What {@code size} elements take. */
  static long bytes(int size, DType dtype, boolean isHalved) {
    return (long) size * (isHalved ? Short.BYTES : dtype.bytes());
  }

  /** What these elements take. */
  long bytes() {
    return bytes(size, dtype, isHalved);
  }

  /** Buffers are places: equal only to themselves. */
  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
