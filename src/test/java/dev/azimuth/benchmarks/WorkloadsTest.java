package dev.azimuth.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.benchmarks.TorchScript.ImageLayout;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.Initialization;
import dev.azimuth.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the benchmarks time, without timing it: nothing here has elements or needs libtorch. */
final class WorkloadsTest {
  private static ModelConfig config(String model) throws IOException {
    return Configuration.read(Path.of("../../models", model, "config.json"), ModelConfig.class);
  }

  private static double gflop(Workload workload) {
    Traced traced = Traced.forward(workload.network(), Context.Tokens::new);
    return 1e-9 * KernelCost.of(traced.kernels()).flops();
  }

  /** 353, 620 and about 162 were counted in PyTorch (shared/spec/cpu-performance.md). */
  @Test
  void networksCostWhatThePublishedOnesDo() throws IOException {
    List<Workload> networks = new Workloads(config("full-size")).networks();
    assertEquals(353, gflop(networks.get(0)), 353 * 0.02, networks.get(0).name());
    assertEquals(620, gflop(networks.get(1)), 620 * 0.02, networks.get(1).name());
    assertEquals(162, gflop(networks.get(2)), 162 * 0.05, networks.get(2).name());
  }

  @Test
  void foldingOneTokenSavesWork() throws IOException {
    Network step = new Workloads(config("full-size")).networks().get(0).network();
    double published = KernelCost.of(Traced.forward(step, Context.Tokens::new).kernels()).flops();
    double folded = KernelCost.of(Traced.forward(step, Context.SingleToken::new).kernels()).flops();
    assertTrue(folded < 0.99 * published, folded + " < " + published);
  }

  @Test
  void operationsAreOfEveryFamilyAndOnce() throws IOException {
    List<Workload> operations = new Workloads(config("full-size")).operations(Integer.MAX_VALUE);
    Set<String> names = new TreeSet<>();
    operations.forEach(w -> assertTrue(names.add(w.family() + " " + w.name()), w.name()));
    Set<Family> families =
        operations.stream()
            .map(Workload::family)
            .collect(Collectors.toCollection(() -> EnumSet.noneOf(Family.class)));
    assertEquals(EnumSet.complementOf(EnumSet.of(Family.NETWORK, Family.COMMAND)), families);
    Set<Integer> headWidths = new TreeSet<>();
    operations.stream()
        .filter(w -> w.family() == Family.SELF_ATTENTION)
        .forEach(w -> headWidths.add(Integer.valueOf(w.name().replaceFirst(".* of ", ""))));
    // the UNet's four levels have three widths, CLIP 64 and the autoencoder one head of 512
    assertEquals(Set.of(40, 64, 80, 160, 512), headWidths);
  }

  @Test
  void aFewOperationsAreThoseThatCostMost() throws IOException {
    List<Workload> all = new Workloads(config("full-size")).operations(Integer.MAX_VALUE);
    List<Workload> one = new Workloads(config("full-size")).operations(1);
    assertEquals(all.stream().map(Workload::family).distinct().count(), one.size());
    assertTrue(
        all.stream()
            .map(Workload::name)
            .toList()
            .containsAll(one.stream().map(Workload::name).toList()));
  }

  @ParameterizedTest
  @EnumSource(ImageLayout.class)
  void everyWorkloadHasItsScript(ImageLayout layout) throws IOException {
    Workloads full = new Workloads(config("full-size"));
    List<Workload> workloads = new ArrayList<>(full.operations(Integer.MAX_VALUE));
    workloads.addAll(full.networks());
    workloads.add(full.levelTraining());
    workloads.add(new Workloads(config("mini")).training());
    for (Workload workload : workloads) {
      Traced traced = Traced.forward(workload.network(), Context.Tokens::new);
      String script = TorchScript.of(traced, layout);
      List<String> names = new ArrayList<>(traced.operands().keySet());
      for (int i = 0; i < names.size() + traced.constants().size(); i++) {
        boolean isRead = i >= names.size() || !isOfTheEncoder(names.get(i));
        assertEquals(isRead, script.contains("w[" + i + "]"), workload.name() + ", operand " + i);
      }
    }
  }

  /** Whether a parameter is of the autoencoder's half that decoding doesn't run. */
  private static boolean isOfTheEncoder(String name) {
    return name.startsWith("autoencoder.encoder.") || name.startsWith("autoencoder.quant_conv.");
  }

  @Test
  void anOperationWithoutCounterpartIsRefused() {
    Network softplus =
        (p, _) -> {
          Tensor x = p.tensor("x", Initialization.zeros(), 2);
          return x::softplus;
        };
    Traced traced = Traced.forward(softplus, Context.Tokens::new);
    assertThrows(
        IllegalArgumentException.class, () -> TorchScript.of(traced, ImageLayout.CHANNELS_LAST));
  }
}
