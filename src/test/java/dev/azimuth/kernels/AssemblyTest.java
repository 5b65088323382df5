package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azimuth.kernels.emulator.PtxAssembler;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** NVIDIA's assembler takes every kernel, and finds registers enough for each. */
final class AssemblyTest {
  @ParameterizedTest
  @ValueSource(strings = {"sm_80", "sm_86", "sm_89", "sm_90"})
  void everyKernelAssemblesWithoutSpills(String target) {
    Map<String, PtxAssembler.Usage> usages = ShippedPtx.assembled(target);
    Map<String, Integer> spills = new TreeMap<>();
    usages.forEach(
        (entry, usage) -> {
          if (usage.spillBytes() > 0) {
            spills.put(entry, usage.spillBytes());
          }
        });
    assertEquals(Map.of(), spills);
    assertEquals(ShippedPtx.specs().size(), usages.size());
  }
}
