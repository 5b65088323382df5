package dev.azimuth.kernels;

import dev.azimuth.tensor.OutOfDeviceMemoryException;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A device's memory, in blocks that are kept for the next who needs one of the very same size, as
 * the next step of a network does: allocating from the driver waits for the device, reusing a block
 * doesn't. Idle blocks of other sizes go back to the driver where it has no room.
 *
 * <p>All work is queued on one stream, so a block may be handed on as soon as its owner no longer
 * needs it, though kernels that use it are still queued. A block that backs a Java object returns
 * when the object is unreachable; where the device is full, the garbage collector is asked before
 * anyone is refused.
 */
final class DeviceMemory {
  private static final long MEBIBYTE = 1 << 20;

  private static final int COLLECTIONS = 3;
  private static final long COLLECTION_MILLIS = 200;

  private final String device;
  private final CudaDriver driver;
  private final Map<Long, Deque<Block>> idle = new HashMap<>();
  private final Set<Owned> owned = new HashSet<>();
  private final ReferenceQueue<Object> unreachable = new ReferenceQueue<>();
  private long idleBytes;
  private long usedBytes;
  private int usedBlocks;

  /** Memory of {@code driver}'s device, which messages call {@code device}. */
  DeviceMemory(String device, CudaDriver driver) {
    this.device = device;
    this.driver = driver;
  }

  /** A piece of device memory. */
  record Block(DevicePointer pointer, long bytes) {}

  /** A block that is used until its owner is unreachable. */
  private static final class Owned extends PhantomReference<Object> {
    final Block block;

    Owned(Object owner, ReferenceQueue<Object> queue, Block block) {
      super(owner, queue);
      this.block = block;
    }
  }

  /**
   * A block of {@code bytes}, or of 1, its content undefined, the caller's until {@link #release}.
   *
   * @throws OutOfDeviceMemoryException if the device has no room; nothing else has changed then
   */
  Block allocate(long bytes) {
    collect();
    long size = Math.max(1, bytes);
    Block block = reuse(size);
    for (int attempt = 0; block == null; attempt++) {
      try {
        block = new Block(driver.allocate(size), size);
      } catch (CudaException e) {
        if (!e.outOfMemory()) {
          throw e;
        }
        makeRoom(attempt, size, e);
      }
    }
    usedBytes += block.bytes;
    usedBlocks++;
    return block;
  }

  /** Takes a block back; work that is queued may still use it. */
  void release(Block block) {
    idle.computeIfAbsent(block.bytes, _ -> new ArrayDeque<>()).push(block);
    idleBytes += block.bytes;
    usedBytes -= block.bytes;
    usedBlocks--;
  }

  /** Takes the block back once {@code owner} is unreachable. */
  void own(Object owner, Block block) {
    owned.add(new Owned(owner, unreachable, block));
  }

  private @Nullable Block reuse(long bytes) {
    Deque<Block> blocks = idle.get(bytes);
    if (blocks == null || blocks.isEmpty()) {
      return null;
    }
    idleBytes -= bytes;
    return blocks.pop();
  }

  /** Takes back the blocks whose owners are unreachable. */
  private void collect() {
    for (Reference<?> reference = unreachable.poll();
        reference != null;
        reference = unreachable.poll()) {
      Owned gone = (Owned) reference;
      owned.remove(gone);
      release(gone.block);
    }
  }

  private void makeRoom(int attempt, long bytes, CudaException e) {
    if (attempt > COLLECTIONS) {
      throw new OutOfDeviceMemoryException(
          "%s: no room for %s more; %s".formatted(device, size(bytes), report()), e);
    }
    if (attempt > 0) {
      collectGarbage();
    }
    free();
  }

  /** Lets the garbage collector find unreachable owners, which the device's pressure doesn't. */
  private void collectGarbage() {
    System.gc();
    try {
      Reference<?> first = unreachable.remove(COLLECTION_MILLIS);
      if (first != null) {
        Owned gone = (Owned) first;
        owned.remove(gone);
        release(gone.block);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    collect();
  }

  /** Gives all idle blocks back to the driver. */
  private void free() {
    for (Deque<Block> blocks : idle.values()) {
      for (Block block : blocks) {
        driver.free(block.pointer);
      }
    }
    idle.clear();
    idleBytes = 0;
  }

  /** What is held now, in words. */
  String report() {
    CudaDriver.MemoryInfo info = driver.memory();
    return "%d buffers hold %s, %s are kept for reuse, the device has %s of %s free"
        .formatted(
            usedBlocks,
            size(usedBytes),
            size(idleBytes),
            size(info.freeBytes()),
            size(info.totalBytes()));
  }

  /** Gives everything back to the driver, and returns how many blocks were still owned. */
  int close() {
    if (usedBlocks > 0) {
      collectGarbage();
    }
    int held = usedBlocks;
    for (Owned left : owned) {
      release(left.block);
    }
    owned.clear();
    free();
    return held;
  }

  private static String size(long bytes) {
    return bytes < MEBIBYTE
        ? "%d bytes".formatted(bytes)
        : "%.1f MiB".formatted((double) bytes / MEBIBYTE);
  }
}
