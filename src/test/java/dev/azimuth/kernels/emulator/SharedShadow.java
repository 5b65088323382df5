package dev.azimuth.kernels.emulator;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Who read and wrote each piece of a block's shared memory since the last barrier.
 *
 * <p>A piece is as wide as the kernel's narrowest shared access, so that no two accesses share a
 * piece without sharing a byte. Two accesses of a piece race unless both read, both are atomic, one
 * thread makes both, a barrier lies between them, or both are of one warp and a {@code
 * bar.warp.sync} of all its threads lies between them. Every warp that read is remembered, and of
 * the last such warp every lane: lanes of other warps race with any writer anyway.
 */
final class SharedShadow {
  private static final int WARP = 5;

  private final int pieceBytes;
  private int epoch;

  private final int[] writer; // thread + 1
  private final int[] writeEpoch;
  private final int[] writeSync;
  private final boolean[] writeAtomic;

  private final int[] readEpoch;
  private final int[] readerWarps;
  private final int[] lastReader; // warp + 1
  private final int[] readSync;
  private final int[] readLanes;

  private final int[] pending; // thread + 1 whose cp.async is under way

  SharedShadow(int bytes, int pieceBytes) {
    this.pieceBytes = pieceBytes;
    int pieces = Math.ceilDiv(bytes, pieceBytes);
    writer = new int[pieces];
    writeEpoch = new int[pieces];
    writeSync = new int[pieces];
    writeAtomic = new boolean[pieces];
    readEpoch = new int[pieces];
    readerWarps = new int[pieces];
    lastReader = new int[pieces];
    readSync = new int[pieces];
    readLanes = new int[pieces];
    pending = new int[pieces];
  }

  /** A barrier of the whole block, or a new block. */
  void barrier() {
    epoch++;
  }

  /** Forgets the copies under way; for a new block. */
  void forgetCopies() {
    Arrays.fill(pending, 0);
  }

  /** Notes a read; returns what it collides with, or null. */
  @Nullable Collision read(int offset, int bytes, int thread, int sync) {
    Collision collision = null;
    for (int i = offset / pieceBytes; i <= (offset + bytes - 1) / pieceBytes; i++) {
      if (pending[i] != 0) {
        collision = new Collision(pending[i] - 1, "cp.async");
      } else if (wroteBefore(i, thread, sync)) {
        collision = new Collision(writer[i] - 1, "write");
      }
      noteRead(i, thread, sync);
    }
    return collision;
  }

  /** Notes a write; returns what it collides with, or null. */
  @Nullable Collision write(int offset, int bytes, int thread, int sync, boolean atomic) {
    Collision collision = null;
    for (int i = offset / pieceBytes; i <= (offset + bytes - 1) / pieceBytes; i++) {
      int reader = otherReader(i, thread, sync);
      if (pending[i] != 0) {
        collision = new Collision(pending[i] - 1, "cp.async");
      } else if (reader >= 0) {
        collision = new Collision(reader, "read");
      } else if (wroteBefore(i, thread, sync) && !(atomic && writeAtomic[i])) {
        collision = new Collision(writer[i] - 1, "write");
      }
      noteWrite(i, thread, sync, atomic);
    }
    return collision;
  }

  /** Notes that a {@code cp.async} to here is under way; returns what it collides with, or null. */
  @Nullable Collision beginCopy(int offset, int bytes, int thread, int sync) {
    Collision collision = write(offset, bytes, thread, sync, false);
    for (int i = offset / pieceBytes; i <= (offset + bytes - 1) / pieceBytes; i++) {
      pending[i] = thread + 1;
    }
    return collision;
  }

  /** Notes that a {@code cp.async} was waited for: from now on a write like another. */
  void endCopy(int offset, int bytes, int thread, int sync) {
    for (int i = offset / pieceBytes; i <= (offset + bytes - 1) / pieceBytes; i++) {
      pending[i] = 0;
      noteWrite(i, thread, sync, false);
    }
  }

  private boolean wroteBefore(int i, int thread, int sync) {
    int other = writer[i] - 1;
    return writeEpoch[i] == epoch
        && other >= 0
        && other != thread
        && (other >> WARP != thread >> WARP || writeSync[i] == sync);
  }

  /** A thread that read the piece and isn't ordered before this one, or -1. */
  private int otherReader(int i, int thread, int sync) {
    if (readEpoch[i] != epoch) {
      return -1;
    }
    int warp = thread >> WARP;
    int others = readerWarps[i] & ~(1 << warp);
    if (others != 0) {
      return Integer.numberOfTrailingZeros(others) << WARP;
    }
    int lanes = readLanes[i] & ~(1 << (thread & 31));
    return lastReader[i] == warp + 1 && readSync[i] == sync && lanes != 0
        ? (warp << WARP) + Integer.numberOfTrailingZeros(lanes)
        : -1;
  }

  private void noteRead(int i, int thread, int sync) {
    int warp = thread >> WARP;
    if (readEpoch[i] != epoch) {
      readEpoch[i] = epoch;
      readerWarps[i] = 0;
      lastReader[i] = 0;
    }
    readerWarps[i] |= 1 << warp;
    if (lastReader[i] != warp + 1 || readSync[i] != sync) {
      lastReader[i] = warp + 1;
      readSync[i] = sync;
      readLanes[i] = 0;
    }
    readLanes[i] |= 1 << (thread & 31);
  }

  private void noteWrite(int i, int thread, int sync, boolean atomic) {
    writer[i] = thread + 1;
    writeEpoch[i] = epoch;
    writeSync[i] = sync;
    writeAtomic[i] = atomic;
  }

  /**
   * The other access.
   *
   * @param thread its thread; of a reading warp its first
   * @param access {@code read}, {@code write} or {@code cp.async}
   */
  record Collision(int thread, String access) {
    boolean asyncCopy() {
      return access.equals("cp.async");
    }
  }
}
