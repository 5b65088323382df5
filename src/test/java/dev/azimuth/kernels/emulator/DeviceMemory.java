package dev.azimuth.kernels.emulator;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Global memory. Every allocation has 16 GB of addresses to itself, so that no arithmetic leads
 * from one to another unnoticed, and none is used twice, so that what was freed stays known.
 */
final class DeviceMemory {
  private static final int SPACING = 34;

  /** Aligned to 256 bytes, as the driver promises, and to no more. */
  private static final long FIRST_BYTE = 256;

  private final long total;
  private long used;
  private final List<@Nullable Region> regions = new ArrayList<>();

  DeviceMemory(long total) {
    this.total = total;
    regions.add(null); // addresses near 0 belong to nobody
  }

  long total() {
    return total;
  }

  long available() {
    return total - used;
  }

  /** A new region, or null where there is no room. */
  @Nullable Region allocate(String name, long bytes) {
    if (bytes > available() || bytes > Integer.MAX_VALUE - 64) {
      return null;
    }
    Region region = new Region(name, ((long) regions.size() << SPACING) + FIRST_BYTE, (int) bytes);
    regions.add(region);
    used += bytes;
    return region;
  }

  /** Forgets the content of a region, but not that it was there. */
  void free(Region region) {
    int index = (int) (region.base >>> SPACING);
    Region ghost = new Region(region.name, region.base, 0);
    ghost.free();
    regions.set(index, ghost);
    region.free();
    used -= region.size;
  }

  /** The region among whose addresses this one is, whether inside its bounds or not. */
  @Nullable Region near(long address) {
    long index = address >>> SPACING;
    return index < regions.size() ? regions.get((int) index) : null;
  }

  /** All that is still allocated. */
  List<Region> held() {
    return regions.stream().filter(region -> region != null && !region.freed()).toList();
  }
}
