package dev.azimuth.kernels;

import dev.azimuth.tensor.OutOfDeviceMemoryException;
import dev.azimuth.tensor.Scope;
import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
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
 * when the {@link Scope} closes in which it was made, or else when the object is unreachable; where
 * the device is full, the garbage collector is asked before anyone is refused.
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
  private final Deque<Set<Ownership>> scopes = new ArrayDeque<>();
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

  /** A block as long as it is somebody's. */
  static final class Ownership {
    private final Block block;
    private boolean isOver;

    Ownership(Block block) {
      this.block = block;
    }

    /** Where the block is, while it is still the owner's. */
    DevicePointer pointer() {
      if (isOver) {
        throw new IllegalStateException(
            "a tensor is used after the scope that it was made in has closed; Scope.keep lets it"
                + " live on");
      }
      return block.pointer;
    }
  }

  /** A block that is used until its owner is unreachable, if no scope closes before. */
  private static final class Owned extends PhantomReference<Object> {
    final Ownership ownership;

    Owned(Object owner, ReferenceQueue<Object> queue, Ownership ownership) {
      super(owner, queue);
      this.ownership = ownership;
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

  /** A block for an owner that {@link #own} will name. */
  Ownership owned(long bytes) {
    return new Ownership(allocate(bytes));
  }

  /** Takes the block back once the innermost open scope closes or {@code owner} is unreachable. */
  void own(Object owner, Ownership ownership) {
    owned.add(new Owned(owner, unreachable, ownership));
    if (!scopes.isEmpty()) {
      scopes.element().add(ownership);
    }
  }

  /** Opens a scope inside those that are open. */
  Set<Ownership> openScope() {
    Set<Ownership> scope = new HashSet<>();
    scopes.push(scope);
    return scope;
  }

  /** Hands a block over to the scope around, or to the garbage collector's care. */
  void keep(Set<Ownership> scope, Ownership ownership) {
    if (scope.remove(ownership)) {
      Iterator<Set<Ownership>> outwards = scopes.iterator();
      while (outwards.next() != scope) {
        // scopes inside this one
      }
      if (outwards.hasNext()) {
        outwards.next().add(ownership);
      }
    }
  }

  /** Takes back what was made in a scope and not kept. */
  void closeScope(Set<Ownership> scope) {
    if (scopes.peek() != scope) {
      throw new IllegalStateException("scopes close in the reverse order of their opening");
    }
    scopes.pop();
    scope.forEach(this::end);
  }

  private void end(Ownership ownership) {
    if (!ownership.isOver) {
      ownership.isOver = true;
      release(ownership.block);
    }
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
      collect((Owned) reference);
    }
  }

  private void collect(Owned gone) {
    owned.remove(gone);
    end(gone.ownership);
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
        collect((Owned) first);
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
    owned.forEach(left -> end(left.ownership));
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
