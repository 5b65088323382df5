package dev.azimuth.kernels.emulator;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A warp's way to memory: finds what an address means and checks each access. */
final class MemoryPort {
  private static final int SECTOR = 5; // 32 bytes
  private static final int BANKS = 32;

  private final Warp warp;
  private final Block block;
  private final Region local;
  private final int localBytes;
  private final long[] sectors = new long[2 * Warp.LANES];
  private final int[] bankWords = new int[BANKS * Warp.LANES];
  private final int[] bankCounts = new int[BANKS];

  private @Nullable Region last;
  private int offset;

  MemoryPort(Warp warp, Block block, int localBytes) {
    this.warp = warp;
    this.block = block;
    this.localBytes = localBytes;
    local = new Region("local memory", 0, Warp.LANES * localBytes);
    start();
  }

  /** For a new block: local memory holds nothing that means anything. */
  void start() {
    local.poison(Decoder.LOCAL_FIRST_BYTE, local.size);
  }

  /** Where in the region that {@link #locate} gave the address lies. */
  int offset() {
    return offset;
  }

  /**
   * The region of an aligned access of 1 to 16 bytes inside its bounds, or null where there is
   * none, which is then reported.
   */
  @Nullable Region locate(Space space, int lane, long address, int bytes) {
    if ((address & (bytes - 1)) != 0) {
      warp.report(
          Finding.Kind.MISALIGNED, lane, "at 0x%x, not a multiple of %d".formatted(address, bytes));
      return null;
    }
    return switch (space) {
      case GLOBAL, CONST -> global(lane, address, bytes);
      case SHARED -> shared(lane, address, bytes);
      case LOCAL -> local(lane, address, bytes);
      case GENERIC ->
          switch ((int) (address >>> 60)) {
            case 1 -> shared(lane, address - MoveDecoder.SHARED_WINDOW, bytes);
            case 2 -> local(lane, address - MoveDecoder.LOCAL_WINDOW, bytes);
            default -> global(lane, address, bytes);
          };
      case PARAM -> throw new AssertionError();
    };
  }

  private @Nullable Region global(int lane, long address, int bytes) {
    Region region = last;
    if (region == null || !inside(address - region.base, bytes, region.size)) {
      region = block.memory.near(address);
      if (region == null) {
        outOfBounds(lane, "0x%x belongs to no allocation".formatted(address));
        return null;
      }
      long at = address - region.base;
      if (region.freed()) {
        warp.report(
            Finding.Kind.USE_AFTER_FREE,
            lane,
            "at %d of %s, which is freed".formatted(at, region.name));
        return null;
      }
      if (!inside(at, bytes, region.size)) {
        outOfBounds(
            lane,
            "%d bytes at %d of %s, which has %d".formatted(bytes, at, region.name, region.size));
        return null;
      }
      last = region;
    }
    offset = (int) (address - region.base);
    return region;
  }

  private @Nullable Region shared(int lane, long address, int bytes) {
    if (!inside(address, bytes, block.shared.size)
        || (!block.shared.written((int) address, bytes)
            && block.shared.inGap((int) address, bytes))) {
      outOfBounds(lane, "%d bytes at shared address %d, in no variable".formatted(bytes, address));
      return null;
    }
    offset = (int) address;
    return block.shared;
  }

  private @Nullable Region local(int lane, long address, int bytes) {
    if (address < Decoder.LOCAL_FIRST_BYTE || !inside(address, bytes, localBytes)) {
      outOfBounds(lane, "%d bytes at local address %d, in no variable".formatted(bytes, address));
      return null;
    }
    offset = lane * localBytes + (int) address;
    return local;
  }

  private static boolean inside(long at, int bytes, int size) {
    return at >= 0 && at <= size - bytes;
  }

  private void outOfBounds(int lane, String what) {
    warp.report(Finding.Kind.OUT_OF_BOUNDS, lane, what);
  }

  /** Checks that what is read at {@link #offset} was written, and by nobody meanwhile. */
  void read(Region region, int lane, int bytes) {
    if (region == block.shared) {
      SharedShadow.Collision collision =
          block.shadow.read(offset, bytes, warp.thread(lane), warp.syncs());
      if (collision != null) {
        collide(lane, collision);
        if (collision.asyncCopy()) {
          return;
        }
      }
    }
    if (!region.written(offset, bytes) && region != local) {
      warp.report(
          Finding.Kind.UNINITIALISED,
          lane,
          "reads %d of %s, which nobody wrote".formatted(offset, region.name));
    }
  }

  /** Notes that {@link #offset} is written. */
  void write(Region region, int lane, int bytes, boolean atomic) {
    if (region == block.shared) {
      SharedShadow.Collision collision =
          block.shadow.write(offset, bytes, warp.thread(lane), warp.syncs(), atomic);
      if (collision != null) {
        collide(lane, collision);
      }
    }
    region.markWritten(offset, bytes);
  }

  /** Notes that a copy to {@link #offset} of shared memory is under way. */
  void beginCopy(int lane, int bytes) {
    SharedShadow.Collision collision =
        block.shadow.beginCopy(offset, bytes, warp.thread(lane), warp.syncs());
    if (collision != null) {
      collide(lane, collision);
    }
  }

  private void collide(int lane, SharedShadow.Collision collision) {
    String other = block.threadName(collision.thread());
    if (collision.asyncCopy()) {
      warp.report(
          Finding.Kind.ASYNC_COPY_NOT_AWAITED,
          lane,
          "meets a cp.async of %s that wasn't waited for".formatted(other));
    } else {
      warp.report(
          Finding.Kind.SHARED_RACE,
          lane,
          "at shared address %d races with a %s by %s"
              .formatted(offset, collision.access(), other));
    }
  }

  /** Counts the sectors that an access of global memory touches, or the passes over the banks. */
  void count(Space space, int mask, int bytes) {
    long[] addresses = warp.addresses;
    long any = addresses[Integer.numberOfTrailingZeros(mask)];
    if (space == Space.GLOBAL || (space == Space.GENERIC && any >>> 60 == 0)) {
      countSectors(mask, bytes);
    } else if (space == Space.SHARED || (space == Space.GENERIC && any >>> 60 == 1)) {
      int lanesAtOnce = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8;
      for (int first = 0; first < Warp.LANES; first += lanesAtOnce) {
        int phase = lanesAtOnce == 32 ? mask : mask & (((1 << lanesAtOnce) - 1) << first);
        countConflicts(phase, bytes);
      }
    }
  }

  private void countSectors(int mask, int bytes) {
    int count = 0;
    long highest = -1;
    for (int m = mask; m != 0; m &= m - 1) {
      long sector = warp.addresses[Integer.numberOfTrailingZeros(m)] >> SECTOR;
      if (sector > highest || !seen(sector, count)) {
        sectors[count++] = sector;
        highest = Math.max(highest, sector);
      }
    }
    Counters counters = block.counters;
    int pc = warp.pc();
    counters.sectors[pc] += count;
    counters.idealSectors[pc] +=
        Math.min(count, Math.ceilDiv(Integer.bitCount(mask) * bytes, 1 << SECTOR));
  }

  private boolean seen(long sector, int count) {
    for (int i = count - 1; i >= 0; i--) {
      if (sectors[i] == sector) {
        return true;
      }
    }
    return false;
  }

  /** Adds how often the fullest bank is asked for another word than its first. */
  void countConflicts(int mask, int bytes) {
    Arrays.fill(bankCounts, 0);
    int passes = 1;
    for (int m = mask; m != 0; m &= m - 1) {
      long address = warp.addresses[Integer.numberOfTrailingZeros(m)];
      for (long word = address >> 2; word <= (address + bytes - 1) >> 2; word++) {
        passes = Math.max(passes, ask((int) word));
      }
    }
    block.counters.bankConflicts[warp.pc()] += passes - 1;
  }

  /** Asks a bank for a word; returns how many different ones it was asked for. */
  private int ask(int word) {
    int bank = word & (BANKS - 1);
    int from = bank * Warp.LANES;
    for (int i = from; i < from + bankCounts[bank]; i++) {
      if (bankWords[i] == word) {
        return bankCounts[bank];
      }
    }
    bankWords[from + bankCounts[bank]] = word;
    return ++bankCounts[bank];
  }
}
