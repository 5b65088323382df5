package dev.azimuth.tensor;

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
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every kernel on every backend against the oracle, as {@link KernelConformance} does it. */
final class BackendConformanceTest {
  private static final Backend SCALAR = CpuBackend.scalar(1);
  private static final Backend SCALAR_3 = CpuBackend.scalar(3);
  private static final Backend SIMD = CpuBackend.simd(1);
  private static final Backend SIMD_2 = CpuBackend.simd(2);
  private static final Backend SIMD_3 = CpuBackend.simd(3);

  /** Executes the shipped PTX, with every check on. */
  private static final EmulatedDriver EMULATOR = new EmulatedDriver(1L << 30);

  private static final Backend CUDA = new CudaBackend("cuda:0", EMULATOR);

  private static final Map<String, List<KernelCase>> CASES = KernelConformance.cases();

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

  private static void check(Backend backend, Kernel given) {
    assertEquals("", KernelConformance.misses(backend, given));
  }

  /** Every output's elements as float64, which holds float32 exactly. */
  private static Map<String, double[]> outputs(Backend backend, DType dtype, Kernel given) {
    Map<String, Tensor> operands = KernelOperands.of(KernelConformance.done(backend, dtype, given));
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
          for (Comparison rounded : KernelConformance.compare(SCALAR, kernel)) {
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
