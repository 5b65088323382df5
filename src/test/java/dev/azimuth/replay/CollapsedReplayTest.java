package dev.azimuth.replay;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.azimuth.nn.Context;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.file.TestFiles;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  private static final Function<Tensor, Context> COLLAPSED = Context.SingleToken::new;

  private static Map<String, ReplayKind> kinds() {
    Map<String, ReplayKind> kinds = new LinkedHashMap<>();
    kinds.put("cross_attention--context1", r -> BlockKinds.crossAttention(r, COLLAPSED));
    kinds.put(
        "basic_transformer_block--context1", r -> BlockKinds.basicTransformerBlock(r, COLLAPSED));
    kinds.put("spatial_transformer--context1", r -> BlockKinds.spatialTransformer(r, COLLAPSED));
    kinds.put("unet--one-token", r -> NetworkKinds.unet(r, COLLAPSED));
    kinds.put("ddim--eta0-scale3", r -> DiffusionKinds.ddim(r, COLLAPSED));
    kinds.put("ddim--eta1-scale3", r -> DiffusionKinds.ddim(r, COLLAPSED));
    kinds.put("training_loss--projection", r -> DiffusionKinds.trainingLoss(r, COLLAPSED));
    return kinds;
  }

  static Stream<Arguments> records() {
    Supplier<Backend> scalar = () -> CpuBackend.scalar(2);
    Supplier<Backend> simd = () -> CpuBackend.simd(2);
    return kinds().entrySet().stream()
        .flatMap(
            kind ->
                Stream.of(
                    argumentSet(
                        kind.getKey() + " on scalar", kind.getKey(), kind.getValue(), scalar),
                    argumentSet(kind.getKey() + " on simd", kind.getKey(), kind.getValue(), simd)));
  }

  @ParameterizedTest
  @MethodSource("records")
  void givesTheReferencesNumbers(String name, ReplayKind kind, Supplier<Backend> open)
      throws IOException {
    ReplayRecord record = ReplayRecord.read(TestFiles.reference(name + ".safetensors"));
    try (Backend backend = open.get()) {
      List<ReplayComparison> comparisons = Replay.of(record, kind, backend);
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
