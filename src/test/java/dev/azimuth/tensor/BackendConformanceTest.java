package dev.azimuth.tensor;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;
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

  /** Every output's elements as float64, which holds float32 exactly. */
  private static Map<String, double[]> outputs(Backend backend, DType dtype, Kernel given) {
    Map<String, Tensor> operands = KernelOperands.of(Conformance.done(backend, dtype, given));
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
    return forEachCase((_, kernel) -> Conformance.check(SIMD, kernel));
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
          Conformance.check(CUDA, kernel);
          List<String> findings = EMULATOR.findings();
          assertEquals(List.of(), findings.subList(before, findings.size()));
        });
  }

  @TestFactory
  Stream<DynamicNode> scalarMatchesItselfInFloat64() {
    return forEachCase((_, kernel) -> Conformance.check(SCALAR, kernel));
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
          for (Comparison rounded : Conformance.compare(SCALAR, kernel, Tolerances::of)) {
            if (!c.vanishing().contains(rounded.output())) {
              assertRejects(rounded, "zeros", new float[rounded.got().length]);
              assertRejects(rounded, "a result × 1.01", scaled(rounded.got()));
              assertRejects(rounded, "a result shifted by one", shifted(rounded.got()));
            }
          }
        });
  }

  private static void assertRejects(Comparison rounded, String what, float[] wrong) {
    boolean differs = false;
    for (int i = 0; i < wrong.length; i++) {
      differs |= wrong[i] != rounded.got()[i] && !Float.isNaN(wrong[i]);
    }
    Comparison comparison =
        new Comparison(
            rounded.output(), rounded.shape(), rounded.exact(), wrong, rounded.tolerance());
    // nothing to reject where the change changes nothing: no elements, all 0, all equal
    assertFalse(differs && comparison.fits(), () -> rounded.output() + " accepts " + what);
  }

  private static float[] scaled(float[] values) {
    float[] scaled = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      scaled[i] = 1.01f * values[i];
    }
    return scaled;
  }

  private static float[] shifted(float[] values) {
    float[] shifted = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      shifted[i] = values[(i + 1) % values.length];
    }
    return shifted;
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
