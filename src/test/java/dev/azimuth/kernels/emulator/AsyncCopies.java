package dev.azimuth.kernels.emulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The {@code cp.async} of a warp's lanes that weren't waited for. Their bytes arrive at the wait
 * and not before, so that a kernel that doesn't wait reads what was there.
 */
final class AsyncCopies {
  private final Warp warp;
  private final List<Copy> copies = new ArrayList<>();
  private final int[] groups = new int[Warp.LANES];

  AsyncCopies(Warp warp) {
    this.warp = warp;
  }

  /** Up to 16 bytes on their way. */
  private record Copy(int lane, int group, int offset, int bytes, long low, long high) {}

  void add(int lane, int offset, int bytes, long low, long high) {
    copies.add(new Copy(lane, groups[lane], offset, bytes, low, high));
  }

  /** Ends the current group of each lane. */
  void commit(int mask) {
    for (int lane = 0; lane < Warp.LANES; lane++) {
      groups[lane] += mask >>> lane & 1;
    }
  }

  /** Finishes all groups of each lane but the last so many. */
  void awaitGroups(int mask, int remaining) {
    copies.removeIf(
        copy -> (mask >>> copy.lane & 1) != 0 && finishIf(copy, groups[copy.lane] - remaining));
  }

  /** Finishes all copies, committed or not. */
  void awaitAll(int mask) {
    copies.removeIf(copy -> (mask >>> copy.lane & 1) != 0 && finishIf(copy, Integer.MAX_VALUE));
  }

  private boolean finishIf(Copy copy, int groupsDone) {
    if (copy.group >= groupsDone) {
      return false;
    }
    Region shared = warp.block.shared;
    shared.put(copy.offset, Math.min(copy.bytes, 8), copy.low);
    if (copy.bytes == 16) {
      shared.put(copy.offset + 8, 8, copy.high);
    }
    shared.markWritten(copy.offset, copy.bytes);
    warp.block.shadow.endCopy(copy.offset, copy.bytes, warp.thread(copy.lane), warp.syncs());
    return true;
  }

  void clear() {
    copies.clear();
    Arrays.fill(groups, 0);
  }
}
