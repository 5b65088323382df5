package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.kernels.emulator.EmulatedDriver;
import dev.azimuth.nn.ModuleChecks;
import dev.azimuth.nn.ModuleChecks.ModuleCheck;
import dev.azimuth.tensor.NetworkComparison;
import dev.azimuth.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * Every module of the gradient-check suite, and a whole small model, on the CUDA backend over the
 * emulator: results and gradients agree with the CPU's, and the emulator finds nothing wrong.
 */
@TestInstance(Lifecycle.PER_CLASS)
final class CudaNetworksTest {
  private final EmulatedDriver emulator = new EmulatedDriver(1L << 30);
  private final CudaBackend cuda = new CudaBackend("cuda:0", emulator);

  @AfterAll
  void close() {
    cuda.close();
    assertEquals(List.of(), emulator.findings());
  }

  /** A test that compares results, and sees that nothing was found wrong on the way. */
  private <S> void compare(
      NetworkComparison<S> networks, Function<S, Map<String, Tensor>> f, Set<String> vanishing) {
    int before = emulator.findings().size();
    assertEquals("", networks.misses(f, vanishing));
    List<String> findings = emulator.findings();
    assertEquals(List.of(), findings.subList(before, findings.size()));
  }

  @TestFactory
  Stream<DynamicTest> everyModule() {
    NetworkComparison<List<ModuleCheck>> modules = new NetworkComparison<>(ModuleChecks::all, cuda);
    return IntStream.range(0, modules.exact().size())
        .mapToObj(
            i -> {
              ModuleCheck module = modules.exact().get(i);
              Set<String> vanishing =
                  module.vanishing().stream()
                      .map(CudaNetworksTest::gradient)
                      .collect(Collectors.toSet());
              return dynamicTest(
                  module.name(), () -> compare(modules, all -> results(all.get(i)), vanishing));
            });
  }

  /** The value y and the gradients of the sum of y's squares, halved. */
  private static Map<String, Tensor> results(ModuleCheck module) {
    Tensor y = module.f().get();
    Map<String, Tensor> results = new LinkedHashMap<>();
    results.put("y", y.detached());
    Gradients.of(y, y.detached())
        .named(module.leaves())
        .forEach((name, gradient) -> results.put(gradient(name), gradient));
    return results;
  }

  private static String gradient(String leaf) {
    return "gradient in " + leaf;
  }

  /** Noise prediction with its gradients, the optimizer's step and the running average. */
  @Test
  void oneStepOfTraining() {
    NetworkComparison<SmallModel> models = new NetworkComparison<>(SmallModel::new, cuda);
    compare(models, SmallModel::trainingStep, Set.of());
  }

  /** From a picture and a pose to the picture from there. */
  @Test
  void synthesisInFiveSteps() {
    NetworkComparison<SmallModel> models = new NetworkComparison<>(SmallModel::new, cuda);
    compare(models, SmallModel::synthesis, Set.of());
  }
}
