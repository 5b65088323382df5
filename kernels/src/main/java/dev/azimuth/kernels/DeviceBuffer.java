package dev.azimuth.kernels;

import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;

/**
 * A tensor's elements in device memory.
 *
 * @param memory where they are, for as long as it is theirs
 * @param size number of elements
 * @param dtype what they are while computed with
 * @param isHalved whether they rest in half precision, to be read only
 */
record DeviceBuffer(DeviceMemory.Ownership memory, int size, DType dtype, boolean isHalved)
    implements Buffer {
  /** What {@code size} elements take. */
  static long bytes(int size, DType dtype, boolean isHalved) {
    return (long) size * (isHalved ? Short.BYTES : dtype.bytes());
  }

  /**
   * Where the first element is.
   *
   * @throws IllegalStateException if a closed scope has given the memory back
   */
  DevicePointer pointer() {
    return memory.pointer();
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
