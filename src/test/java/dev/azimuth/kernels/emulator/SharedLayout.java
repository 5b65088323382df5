package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.emulator.PtxKernel.Variable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a kernel's shared variables lie: each between gaps that belong to nobody, as far apart as
 * keeps their banks.
 */
final class SharedLayout {
  private static final int GAP = 128;

  /** Below it nothing lies, as on sm_80 and later, where the system has the first kilobyte. */
  static final int FIRST_BYTE = 1024;

  private final Map<String, Integer> offsets = new HashMap<>();
  private final Map<String, Integer> sizes = new HashMap<>();
  private final int dynamicOffset;
  private final int staticBytes;
  private final int pieceBytes;

  /**
   * @param variables of the shared space, dynamic ones of size 0
   * @param pieceBytes the width of the kernel's narrowest shared access
   */
  SharedLayout(List<Variable> variables, int pieceBytes) {
    this.pieceBytes = pieceBytes;
    int at = FIRST_BYTE;
    int bytes = 0;
    for (Variable variable : variables) {
      if (variable.bytes() > 0) {
        offsets.put(variable.name(), at);
        sizes.put(variable.name(), variable.bytes());
        bytes = Math.ceilDiv(bytes, variable.align()) * variable.align() + variable.bytes();
        at = Math.ceilDiv(at + variable.bytes() + GAP, GAP) * GAP;
      }
    }
    for (Variable variable : variables) {
      if (variable.bytes() == 0) {
        offsets.put(variable.name(), at); // all dynamic arrays are one
      }
    }
    dynamicOffset = at;
    staticBytes = bytes;
  }

  @Nullable Integer offsetOrNull(String name) {
    return offsets.get(name);
  }

  /** What the variables take on a device, without the gaps. */
  int staticBytes() {
    return staticBytes;
  }

  int pieceBytes() {
    return pieceBytes;
  }

  Region region(int dynamicBytes) {
    Region region = new Region("shared memory", 0, dynamicOffset + dynamicBytes);
    Arrays.fill(region.state, Region.GAP);
    return region;
  }

  /** Makes the variables unwritten. */
  void poison(Region region) {
    sizes.forEach((name, bytes) -> region.poison(offsets.get(name), offsets.get(name) + bytes));
    region.poison(dynamicOffset, region.size);
  }
}
