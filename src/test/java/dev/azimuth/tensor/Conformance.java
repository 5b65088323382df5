package dev.azimuth.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Holds what a backend computes in float32 against the float64 oracle. */
final class Conformance {
  private Conformance() {}

  /** The tolerance of each output, from a kernel on the oracle before and after it has run. */
  interface Bounds {
    Map<String, double[]> of(Kernel given, Kernel done);
  }

  /** The oracle's result beside what {@code backend} makes of the same operands in float32. */
  static List<Comparison> compare(Backend backend, Kernel given, Bounds bounds) {
    Kernel exact = done(Draw.ORACLE, DType.FLOAT64, given);
    Map<String, Tensor> got = KernelOperands.of(done(backend, DType.FLOAT32, given));
    Map<String, double[]> tolerances = bounds.of(given, exact);
    assertEquals(Set.copyOf(KernelOperands.outputs(given)), tolerances.keySet());
    return KernelOperands.outputs(given).stream()
        .map(
            output -> {
              Tensor wanted = KernelOperands.of(exact).get(output);
              return new Comparison(
                  output,
                  wanted.shape(),
                  wanted.toDoubles(),
                  got.get(output).toFloats(),
                  tolerances.get(output));
            })
        .toList();
  }

  /** The kernel on copies of its operands after it has run, inputs untouched. */
  static Kernel done(Backend backend, DType dtype, Kernel given) {
    Kernel kernel = KernelOperands.on(backend, dtype, given);
    backend.run(kernel);
    backend.synchronize();
    Map<String, Tensor> operands = KernelOperands.of(kernel);
    KernelOperands.of(given)
        .forEach(
            (name, x) -> {
              if (!KernelOperands.outputs(given).contains(name)) {
                assertArrayEquals(
                    x.toDoubles(), operands.get(name).toDoubles(), "input " + name + " changed");
              }
            });
    return kernel;
  }

  /** Fails with the worst positions unless every output is within {@link Tolerances}. */
  static void check(Backend backend, Kernel given) {
    check(compare(backend, given, Tolerances::of));
  }

  /** The same for what was compared. */
  static void check(List<Comparison> comparisons) {
    String misses =
        comparisons.stream()
            .filter(comparison -> !comparison.fits())
            .map(Comparison::report)
            .collect(Collectors.joining("\n"));
    assertTrue(misses.isEmpty(), misses);
  }
}
