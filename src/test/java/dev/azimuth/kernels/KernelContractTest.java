package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Launchers and PTX agree: entries, parameters and block sizes. */
final class KernelContractTest {
  private static Map<String, KernelSpec> shipped() {
    Map<String, KernelSpec> shipped = new TreeMap<>();
    ShippedPtx.texts()
        .forEach(
            (ptx, text) ->
                ShippedPtx.kernels(ptx, text)
                    .forEach(
                        (entry, kernel) ->
                            assertEquals(null, shipped.put(entry, kernel), "two of " + entry)));
    return shipped;
  }

  @Test
  void everyKernelHasItsLauncherAndEveryLauncherItsKernel() {
    TreeSet<String> launched = new TreeSet<>();
    ShippedPtx.specs().forEach(spec -> launched.add(spec.entry()));
    assertEquals(new TreeSet<>(shipped().keySet()), launched);
  }

  @Test
  void parametersAndBlockSizesAreThePtxs() {
    Map<String, KernelSpec> shipped = shipped();
    ShippedPtx.specs().stream()
        .sorted(Comparator.comparing(KernelSpec::entry))
        .forEach(spec -> assertEquals(shipped.get(spec.entry()), spec));
  }

  @Test
  void everyDriverSinceCuda11ReadsThePtx() {
    ShippedPtx.texts()
        .forEach(
            (ptx, text) -> {
              assertTrue(text.contains("\n.version 7.0\n"), ptx);
              assertTrue(text.contains("\n.target sm_80\n"), ptx);
            });
  }
}
