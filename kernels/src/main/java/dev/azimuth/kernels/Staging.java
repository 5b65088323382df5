package dev.azimuth.kernels;

import java.lang.foreign.MemorySegment;

/**
 * Page-locked host memory that every copy between host and device passes through, piece by piece.
 *
 * <p>A copy to the device returns as soon as its bytes are here. The memory is filled half by half,
 * an event behind the copies of each, so that a half is waited for only when it is needed again,
 * and never the kernels queued behind it.
 */
final class Staging {
  /** What a copy may be made of: parts are read from or written to host arrays. */
  @FunctionalInterface
  interface Part {
    /** Moves elements {@code from .. from + count - 1} to or from the beginning of the segment. */
    void move(MemorySegment segment, int from, int count);
  }

  private static final long CAPACITY = 8 << 20;
  private static final long HALF = CAPACITY / 2;
  private static final long ALIGNMENT = 256;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final MemorySegment memory;
  private final Half[] halves;
  private int current;
  private long used;

  /** A half of the memory and the mark behind its copies, if there are any. */
  private static final class Half {
    final MemorySegment memory;
    final CudaDriver.Event copied;
    boolean isBusy;

    Half(MemorySegment memory, CudaDriver.Event copied) {
      this.memory = memory;
      this.copied = copied;
    }
  }

  Staging(CudaDriver driver, CudaDriver.Stream stream) {
    this.driver = driver;
    this.stream = stream;
    memory = driver.allocatePinned(CAPACITY);
    halves =
        new Half[] {
          new Half(memory.asSlice(0, HALF), driver.event()),
          new Half(memory.asSlice(HALF, HALF), driver.event())
        };
  }

  /** Queues the copy of {@code size} elements of {@code bytes} each to the device. */
  void upload(DevicePointer to, int size, int bytes, Part write) {
    for (int from = 0; from < size; ) {
      if (HALF - used < bytes) {
        useOtherHalf();
      }
      int count = (int) Math.min((HALF - used) / bytes, size - from);
      MemorySegment part = halves[current].memory.asSlice(used, (long) count * bytes);
      write.move(part, from, count);
      driver.copyToDevice(to.plus((long) from * bytes), part, stream);
      used = Math.min(HALF, Math.ceilDiv(used + part.byteSize(), ALIGNMENT) * ALIGNMENT);
      from += count;
    }
  }

  private void useOtherHalf() {
    halves[current].copied.record(stream);
    halves[current].isBusy = true;
    current = 1 - current;
    if (halves[current].isBusy) {
      halves[current].copied.synchronize();
      halves[current].isBusy = false;
    }
    used = 0;
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
    for (Half half : halves) {
      half.isBusy = false;
    }
    used = 0;
  }

  /** Gives the memory and the events back. */
  void close() {
    waitForCopies();
    for (Half half : halves) {
      half.copied.close();
    }
    driver.freePinned(memory);
  }
}
