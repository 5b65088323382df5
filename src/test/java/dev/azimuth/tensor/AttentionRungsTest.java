package dev.azimuth.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.azimuth.kernels.AttentionRung;
import dev.azimuth.kernels.CudaBackend;
import dev.azimuth.kernels.CudaOptions;
import dev.azimuth.kernels.Precision;
import dev.azimuth.kernels.emulator.EmulatedDriver;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rung of attention agrees with the oracle, at the published models' head widths. */
final class AttentionRungsTest {
  private record Size(int batch, int heads, int d, int queries, int keys, boolean causal) {}

  /** Odd lengths; few keys, as of image tokens; more queries than keys and fewer, unseen tiles. */
  private static final List<Size> SIZES =
      List.of(
          new Size(1, 2, 40, 67, 45, false),
          new Size(2, 1, 64, 33, 77, true),
          new Size(1, 1, 80, 70, 70, true),
          new Size(1, 1, 160, 35, 37, false),
          new Size(2, 2, 40, 65, 4, false),
          new Size(1, 1, 52, 19, 33, false),
          new Size(1, 1, 64, 5, 1, false));

  static Stream<Arguments> rungs() {
    return Stream.of(
            new CudaOptions(Precision.FLOAT32, AttentionRung.NAIVE),
            new CudaOptions(Precision.FLOAT32, AttentionRung.TILED),
            new CudaOptions(Precision.FLOAT32, AttentionRung.FLASH),
            new CudaOptions(Precision.TF32, AttentionRung.FLASH),
            new CudaOptions(Precision.BFLOAT16, AttentionRung.FLASH))
        .flatMap(options -> SIZES.stream().map(size -> Arguments.of(options, size)));
  }

  private static Tensor draw(Draw draw, Precision precision, int... dims) {
    return ProductPrecisionTest.held(precision, draw.normal(dims));
  }

  private static Kernel.Attention forward(Size s, Precision precision) {
    Draw draw = new Draw(s.d);
    int width = s.heads * s.d;
    return new Kernel.Attention(
        draw(draw, precision, s.batch, s.queries, width),
        draw(draw, precision, s.batch, s.keys, width),
        draw(draw, precision, s.batch, s.keys, width),
        Draw.empty(s.batch, s.queries, width),
        Draw.empty(s.batch, s.heads, s.queries),
        s.heads,
        1 / Math.sqrt(s.d),
        s.causal);
  }

  private static Kernel.AttentionVjp vjp(Size s, Precision precision) {
    Kernel.Attention forward = forward(s, precision);
    return new Kernel.AttentionVjp(
        forward.q(),
        forward.k(),
        forward.v(),
        Draw.after(forward, forward.y()),
        Draw.after(forward, forward.logSumExp()),
        draw(new Draw(-1), precision, forward.q().shape().toArray()),
        Draw.emptyLike(forward.q()),
        Draw.emptyLike(forward.k()),
        Draw.emptyLike(forward.v()),
        s.heads,
        forward.scale(),
        s.causal);
  }

  private static Map<String, double[]> bounds(Kernel done, Precision precision) {
    double roundoff = ProductPrecisionTest.roundoff(precision);
    return switch (done) {
      case Kernel.Attention k -> AttentionTolerances.attention(k, roundoff);
      case Kernel.AttentionVjp k -> AttentionTolerances.attentionVjp(k, roundoff);
      default -> throw new AssertionError(done);
    };
  }

  private static void check(CudaOptions options, Kernel kernel) {
    EmulatedDriver driver = new EmulatedDriver(64 << 20);
    try (CudaBackend cuda = new CudaBackend("cuda:0", driver, options)) {
      List<Comparison> comparisons =
          KernelConformance.compare(cuda, kernel, (_, done) -> bounds(done, options.precision()));
      assertEquals("", KernelConformance.misses(comparisons));
      assertEquals(List.of(), driver.findings());
      comparisons.forEach(c -> assertRejectsWrongResults(c, options.precision()));
    }
  }

  /** A bound that a hundredth more passes would prove nothing; of bfloat16, a tenth. */
  private static void assertRejectsWrongResults(Comparison right, Precision precision) {
    float[] scaled = right.got().clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= precision == Precision.BFLOAT16 ? 1.1f : 1.01f;
    }
    boolean vanishes = Arrays.stream(right.exact()).allMatch(x -> Math.abs(x) < 1e-12);
    assertFalse(
        !vanishes
            && new Comparison(
                    right.output(), right.shape(), right.exact(), scaled, right.tolerance())
                .fits(),
        right.output());
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void forwardMatchesTheOracle(CudaOptions options, Size size) {
    check(options, forward(size, options.precision()));
  }

  @ParameterizedTest
  @MethodSource("rungs")
  void gradientsMatchTheOracle(CudaOptions options, Size size) {
    check(options, vjp(size, options.precision()));
  }
}
