package dev.azimuth.benchmarks;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Attention in the shapes of the published UNet, on the Vector API, checked against the oracle. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsPrepend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class AttentionBenchmark {
  private static final int BATCH = 2;
  private static final int HEADS = 8;

  /** Queries, keys and head width; named after the side of the latent that the queries cover. */
  public enum Layer {
    SELF_32(1024, 1024, 40),
    SELF_16(256, 256, 80),
    SELF_8(64, 64, 160),
    CROSS_32(1024, 2, 40);

    private final int queries;
    private final int keys;
    private final int headWidth;

    Layer(int queries, int keys, int headWidth) {
      this.queries = queries;
      this.keys = keys;
      this.headWidth = headWidth;
    }
  }

  @Param private Layer layer = Layer.SELF_32;

  @Param({"1", "2"})
  private int threads;

  private Backend backend = CpuBackend.simd(1);
  private Tensor q = Tensor.of(backend, Shape.of(1), 0);
  private Tensor k = q;
  private Tensor v = q;

  /** Draws q, k and v, and compares with the oracle. */
  @Setup(Level.Trial)
  public void setUp() {
    backend = CpuBackend.simd(threads);
    TorchRandom random = new TorchRandom(1);
    q = randn(random, layer.queries);
    k = randn(random, layer.keys);
    v = randn(random, layer.keys);
    checkAgainstOracle();
  }

  @TearDown
  public void tearDown() {
    backend.close();
  }

  @Benchmark
  public Tensor attention() {
    return attend(q, k, v);
  }

  private Tensor randn(TorchRandom random, int tokens) {
    Shape shape = Shape.of(BATCH, tokens, HEADS * layer.headWidth);
    return Tensor.of(backend, shape, random.randn(shape.size()));
  }

  private Tensor attend(Tensor q, Tensor k, Tensor v) {
    return q.attention(k, v, HEADS, 1 / Math.sqrt(layer.headWidth), false);
  }

  /**
   * A score is a sum of d products of normal numbers over √d: its error is at most d·eps of the sum
   * of their magnitudes, about √d·2/π. An error δ in every score moves a weighted mean of values by
   * at most 2δ of the largest, and summing m weighted values adds m·eps of it.
   */
  private void checkAgainstOracle() {
    float[] actual = attend(q, k, v).toFloats();
    float[] expected;
    try (Backend oracle = CpuBackend.scalar(threads)) {
      expected =
          attend(q.to(oracle, q.dtype()), k.to(oracle, k.dtype()), v.to(oracle, v.dtype()))
              .toFloats();
    }
    double d = layer.headWidth;
    double eps = Math.ulp(1f);
    double largest = 0;
    for (float value : v.toFloats()) {
      largest = Math.max(largest, Math.abs(value));
    }
    double tolerance = largest * eps * (2 * d * Math.sqrt(d) * 2 / Math.PI + layer.keys);
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) {
        throw new IllegalStateException(
            "attention %s: element %d is %s, the oracle has %s, tolerance %.1e"
                .formatted(layer, i, actual[i], expected[i], tolerance));
      }
    }
  }
}
