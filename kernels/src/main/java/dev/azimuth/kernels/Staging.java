package dev.azimuth.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Page-locked host memory that every copy between host and device passes through, piece by piece.
 *
 * <p>A copy to the device returns as soon as its bytes are here: the stream is waited for only when
 * the memory has been used up.
 */
final class Staging {
  /** What a copy may be made of: parts are read from or written to host arrays. */
  @FunctionalInterface
  interface Part {
    /** Moves elements {@code from .. from + count - 1} to or from the beginning of the segment. */
    void move(MemorySegment segment, int from, int count);
  }

  private static final long CAPACITY = 8 << 20;
  private static final long ALIGNMENT = 256;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final MemorySegment memory;
  private long used;

  Staging(CudaDriver driver, CudaDriver.Stream stream) {
    this.driver = driver;
    this.stream = stream;
    memory = driver.allocatePinned(CAPACITY);
  }

  /** Queues the copy of {@code size} elements of {@code bytes} each to the device. */
  void upload(DevicePointer to, int size, int bytes, Part write) {
    for (int from = 0; from < size; ) {
      long left = (CAPACITY - used) / bytes;
      if (left == 0) {
        waitForCopies();
        left = CAPACITY / bytes;
      }
      int count = (int) Math.min(left, size - from);
      MemorySegment part = memory.asSlice(used, (long) count * bytes);
      write.move(part, from, count);
      driver.copyToDevice(to.plus((long) from * bytes), part, stream);
      used = Math.min(CAPACITY, Math.ceilDiv(used + part.byteSize(), ALIGNMENT) * ALIGNMENT);
      from += count;
    }
  }

  /** Waits for all that is queued and copies {@code size} elements from the device. */
  void download(DevicePointer from, int size, int bytes, Part read) {
    waitForCopies();
    int most = (int) (CAPACITY / bytes);
    for (int first = 0; first < size; first += most) {
      int count = Math.min(most, size - first);
      MemorySegment part = memory.asSlice(0, (long) count * bytes);
      driver.copyToHost(part, from.plus((long) first * bytes), stream);
      stream.synchronize();
      read.move(part, first, count);
    }
  }

  private void waitForCopies() {
    stream.synchronize();
    used = 0;
  }

  /** Gives the memory back. */
  void close() {
    waitForCopies();
    driver.freePinned(memory);
  }
}
