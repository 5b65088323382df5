package dev.azimuth.app.replay;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.azimuth.nn.Context;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.file.TestFiles;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The records over one token again, by the collapsed path: the reference, which attends, gives the
 * same numbers and, for queries and keys, the zeros that an absent gradient counts as.
 */
class CollapsedReplayTest {
  private static final List<String> OVER_ONE_TOKEN =
      List.of(
          "cross_attention--context1",
          "basic_transformer_block--context1",
          "spatial_transformer--context1",
          "unet--one-token",
          "ddim--eta0-scale3",
          "ddim--eta1-scale3",
          "training_loss--projection");

  static Stream<Arguments> records() {
    Supplier<Backend> scalar = () -> CpuBackend.scalar(2);
    Supplier<Backend> simd = () -> CpuBackend.simd(2);
    return OVER_ONE_TOKEN.stream()
        .flatMap(
            name ->
                Stream.of(
                    argumentSet(name + " on scalar", name, scalar),
                    argumentSet(name + " on simd", name, simd)));
  }

  @ParameterizedTest
  @MethodSource("records")
  void givesTheReferencesNumbers(String name, Supplier<Backend> open) throws IOException {
    ReplayRecord record = ReplayRecord.read(TestFiles.reference(name + ".safetensors"));
    try (Backend backend = open.get()) {
      // a context of more tokens would be refused
      Function<Tensor, Context> collapsed = Context.SingleToken::new;
      List<ReplayComparison> comparisons =
          new Replay(record, backend, new Replay.Setting(collapsed)).run(ReplayKinds.of(record));
      assertTrue(
          comparisons.stream().allMatch(ReplayComparison::passes),
          () ->
              comparisons.stream()
                  .filter(comparison -> !comparison.passes())
                  .map(ReplayComparison::toString)
                  .collect(Collectors.joining("\n")));
    }
  }
}
