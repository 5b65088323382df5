package dev.azimuth.tensor;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Kernels at many sizes, held against the float64 oracle.
 *
 * <p>Inputs are exact in float32, so that all of the difference is the backend's; outputs are
 * poisoned with NaN beforehand; {@link Tolerances} says how much may differ.
 */
final class KernelConformance {
  private KernelConformance() {}

  /** All cases, by the kernel they build. */
  static Map<String, List<KernelCase>> cases() {
    return Stream.of(
            ElementwiseCases.all(), ProductCases.all(), ReductionCases.all(), LayerCases.all())
        .flatMap(List::stream)
        .collect(
            groupingBy(c -> c.kernel().get().getClass().getSimpleName(), TreeMap::new, toList()));
  }

  /** The tolerance of each output, from a kernel on the oracle before and after it has run. */
  interface Bounds {
    Map<String, double[]> of(Kernel given, Kernel done);
  }

  /** The oracle's result beside what {@code backend} makes of the same operands in float32. */
  static List<Comparison> compare(Backend backend, Kernel given) {
    return compare(backend, given, Tolerances::of);
  }

  /** The same with tolerances of the caller's. */
  static List<Comparison> compare(Backend backend, Kernel given, Bounds bounds) {
    Kernel exact = done(Draw.ORACLE, DType.FLOAT64, given);
    Map<String, Tensor> got = KernelOperands.of(done(backend, DType.FLOAT32, given));
    Map<String, double[]> tolerances = bounds.of(given, exact);
    if (!Set.copyOf(KernelOperands.outputs(given)).equals(tolerances.keySet())) {
      throw new AssertionError("tolerances of " + tolerances.keySet());
    }
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
              if (!KernelOperands.outputs(given).contains(name)
                  && !Arrays.equals(x.toDoubles(), operands.get(name).toDoubles())) {
                throw new AssertionError("input " + name + " changed");
              }
            });
    return kernel;
  }

  /** Where a backend's results are out of tolerance; empty if nowhere. */
  static String misses(Backend backend, Kernel given) {
    return misses(compare(backend, given));
  }

  /** The same for what was compared. */
  static String misses(List<Comparison> comparisons) {
    return comparisons.stream()
        .filter(comparison -> !comparison.fits())
        .map(Comparison::report)
        .collect(Collectors.joining("\n"));
  }
}
