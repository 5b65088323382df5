package dev.azimuth.tensor;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.azimuth.kernels.CudaBackend;
import dev.azimuth.kernels.emulator.EmulatedDriver;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Every kernel at many sizes, held against the float64 oracle.
 *
 * <p>Inputs are exact in float32, so that all of the difference is the backend's; outputs are
 * poisoned with NaN beforehand; {@link Tolerances} says how much may differ.
 */
final class BackendConformanceTest {
  private static final Backend SCALAR = CpuBackend.scalar(1);
  private static final Backend SCALAR_3 = CpuBackend.scalar(3);
  private static final Backend SIMD = CpuBackend.simd(1);
  private static final Backend SIMD_2 = CpuBackend.simd(2);
  private static final Backend SIMD_3 = CpuBackend.simd(3);

  /** Executes the shipped PTX, with every check on. */
  private static final EmulatedDriver EMULATOR = new EmulatedDriver(1L << 30);

  private static final Backend CUDA = new CudaBackend("cuda:0", EMULATOR);

  /** All cases, by the kernel they build. */
  private static final Map<String, List<KernelCase>> CASES =
      Stream.of(ElementwiseCases.all(), ProductCases.all(), ReductionCases.all(), LayerCases.all())
          .flatMap(List::stream)
          .collect(
              groupingBy(c -> c.kernel().get().getClass().getSimpleName(), TreeMap::new, toList()));

  @AfterAll
  static void close() {
    for (Backend backend : List.of(SCALAR, SCALAR_3, SIMD, SIMD_2, SIMD_3, CUDA)) {
      backend.close();
    }
  }

  /** A test for every case, by kernel. */
  private static Stream<DynamicNode> forEachCase(BiConsumer<KernelCase, Kernel> check) {
    return CASES.entrySet().stream()
        .map(
            entry ->
                dynamicContainer(
                    entry.getKey(),
                    entry.getValue().stream()
                        .map(
                            c -> dynamicTest(c.label(), () -> check.accept(c, c.kernel().get())))));
  }

  /** The oracle's result beside what {@code backend} makes of the same operands in float32. */
  private static List<Comparison> compare(Backend backend, Kernel given) {
    Kernel exact = done(Draw.ORACLE, DType.FLOAT64, given);
    Map<String, Tensor> got = KernelOperands.of(done(backend, DType.FLOAT32, given));
    Map<String, double[]> tolerances = Tolerances.of(given, exact);
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
  private static Kernel done(Backend backend, DType dtype, Kernel given) {
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

  private static void check(Backend backend, Kernel given) {
    String misses =
        compare(backend, given).stream()
            .filter(comparison -> !comparison.fits())
            .map(Comparison::report)
            .collect(Collectors.joining("\n"));
    assertTrue(misses.isEmpty(), misses);
  }

  /** Every output's elements as float64, which holds float32 exactly. */
  private static Map<String, double[]> outputs(Backend backend, DType dtype, Kernel given) {
    Map<String, Tensor> operands = KernelOperands.of(done(backend, dtype, given));
    Map<String, double[]> outputs = new LinkedHashMap<>();
    for (String name : KernelOperands.outputs(given)) {
      outputs.put(name, operands.get(name).toDoubles());
    }
    return outputs;
  }

  private static void assertSameBits(Map<String, double[]> wanted, Map<String, double[]> got) {
    wanted.forEach(
        (name, values) ->
            assertTrue(
                Arrays.equals(values, got.get(name)),
                () -> name + ": first difference at " + Arrays.mismatch(values, got.get(name))));
  }

  @Test
  void vectorApiIsThere() {
    assertEquals("cpu:simd", SIMD.name());
  }

  @Test
  void everyKernelHasCases() {
    Set<String> permitted = new TreeSet<>();
    for (Class<?> kernel : Kernel.class.getPermittedSubclasses()) {
      permitted.add(kernel.getSimpleName());
    }
    assertEquals(permitted, CASES.keySet());
  }

  @TestFactory
  Stream<DynamicNode> simdMatchesTheOracle() {
    return forEachCase((_, kernel) -> check(SIMD, kernel));
  }

  @TestFactory
  Stream<DynamicNode> simdHasTheSameBitsOnAnyNumberOfThreads() {
    return forEachCase(
        (_, kernel) -> {
          Map<String, double[]> wanted = outputs(SIMD, DType.FLOAT32, kernel);
          assertSameBits(wanted, outputs(SIMD_2, DType.FLOAT32, kernel));
          assertSameBits(wanted, outputs(SIMD_3, DType.FLOAT32, kernel));
        });
  }

  @TestFactory
  Stream<DynamicNode> simdComputesFloat64AsTheOracle() {
    return forEachCase(
        (_, kernel) ->
            assertSameBits(
                outputs(SCALAR, DType.FLOAT64, kernel), outputs(SIMD, DType.FLOAT64, kernel)));
  }

  @TestFactory
  Stream<DynamicNode> cudaMatchesTheOracleWithoutFindings() {
    return forEachCase(
        (_, kernel) -> {
          int before = EMULATOR.findings().size();
          check(CUDA, kernel);
          List<String> findings = EMULATOR.findings();
          assertEquals(List.of(), findings.subList(before, findings.size()));
        });
  }

  @TestFactory
  Stream<DynamicNode> scalarMatchesItselfInFloat64() {
    return forEachCase((_, kernel) -> check(SCALAR, kernel));
  }

  @TestFactory
  Stream<DynamicNode> scalarHasTheSameBitsOnAnyNumberOfThreads() {
    return forEachCase(
        (_, kernel) ->
            assertSameBits(
                outputs(SCALAR, DType.FLOAT32, kernel), outputs(SCALAR_3, DType.FLOAT32, kernel)));
  }

  /** Each tolerance lets the rounded result pass, and nothing that is visibly wrong. */
  @TestFactory
  Stream<DynamicNode> tolerancesRejectWrongResults() {
    return forEachCase(
        (c, kernel) -> {
          for (Comparison rounded : compare(SCALAR, kernel)) {
            if (!c.vanishing().contains(rounded.output())) {
              for (Comparison.Wrong wrong : Comparison.Wrong.values()) {
                assertFalse(rounded.accepts(wrong), () -> rounded.output() + " accepts " + wrong);
              }
            }
          }
        });
  }

  /** A tolerance is shown to reject something on most cases of each kernel, not on a lucky one. */
  @Test
  void fewOutputsVanish() {
    CASES.forEach(
        (kernel, cases) -> {
          long vanishing = cases.stream().filter(c -> !c.vanishing().isEmpty()).count();
          assertTrue(4 * vanishing <= cases.size(), kernel);
        });
  }

  /** A case of nothing passes any check: it may be there, but not instead of the others. */
  @Test
  void fewOutputsAreEmpty() {
    CASES.forEach(
        (kernel, cases) -> {
          long empty =
              cases.stream()
                  .map(c -> KernelOperands.of(c.kernel().get()).values())
                  .filter(operands -> operands.stream().anyMatch(x -> x.shape().size() == 0))
                  .count();
          assertTrue(4 * empty <= cases.size(), kernel);
        });
  }
}
