package dev.azimuth.app.replay;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every record of the reference implementation, on both CPU backends, gradients included. */
class ReplayTest {
  static Stream<Arguments> records() throws IOException {
    Supplier<Backend> scalar = () -> CpuBackend.scalar(2);
    Supplier<Backend> simd = () -> CpuBackend.simd(2);
    return ReplayRecords.all().stream()
        .flatMap(
            record ->
                Stream.of(
                    argumentSet(record.name() + " on scalar", record, scalar),
                    argumentSet(record.name() + " on simd", record, simd)));
  }

  @ParameterizedTest
  @MethodSource("records")
  void givesTheReferencesNumbers(ReplayRecord record, Supplier<Backend> open) {
    try (Backend backend = open.get()) {
      List<ReplayComparison> comparisons = Replay.of(record, ReplayKinds.of(record), backend);
      assertFalse(comparisons.isEmpty());
      assertTrue(
          comparisons.stream().allMatch(ReplayComparison::passes),
          () ->
              comparisons.stream()
                  .filter(comparison -> !comparison.passes())
                  .map(ReplayComparison::toString)
                  .collect(Collectors.joining("\n", record.name() + "\n", "")));
    }
  }
}
