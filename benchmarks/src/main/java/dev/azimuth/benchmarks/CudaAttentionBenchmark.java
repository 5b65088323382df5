package dev.azimuth.benchmarks;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BackendProvider;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.ServiceLoader;
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

/**
 * Attention on a card at the published network's sizes, with the wait for the device: our fused
 * kernels, and softmax(q kᵀ) v as three with copies between, whose products are cuBLAS's on {@code
 * cuda} where it loads and ours on {@code cuda-own}. {@code kernels/gpu-check} runs it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsPrepend = {
      "--add-modules",
      "jdk.incubator.vector",
      "--enable-native-access=ALL-UNNAMED"
    })
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CudaAttentionBenchmark {
  /** Rounding of float32 sums of up to 4096 terms, at weights that sum to 1: 6·√4096·2⁻²⁴·|v|. */
  private static final float TOLERANCE = 1e-4f;

  /** What computes it. */
  public enum Rung {
    /** One kernel. */
    FUSED,
    /** Its gradients. */
    FUSED_BACKWARD,
    /** Products, softmax, products. */
    COMPOSED
  }

  @Param({"cuda", "cuda-own"})
  private String device = "cuda";

  @Param private Rung rung = Rung.FUSED;

  /** Heads, their width, queries and keys. */
  @Param({
    "8x40x1024x1024",
    "8x80x256x256",
    "8x160x64x64",
    "8x40x4096x4096",
    "8x64x4096x4096",
    "8x40x1024x77"
  })
  private String size = "";

  private Backend cuda = CpuBackend.scalar(1);
  private Runnable body = () -> {};

  /** Opens the device, and holds the result against the CPU's. */
  @Setup(Level.Trial)
  public void setUp() {
    cuda = open(device);
    Attention ours = new Attention(cuda, size);
    float[] got =
        rung == Rung.COMPOSED ? ours.composed().permute(1, 0, 2).toFloats() : ours.fused();
    try (Backend cpu = CpuBackend.simd(Runtime.getRuntime().availableProcessors())) {
      float[] wanted = new Attention(cpu, size).fused();
      for (int i = 0; i < wanted.length; i++) {
        if (!(Math.abs(wanted[i] - got[i]) <= TOLERANCE)) {
          throw new IllegalStateException(
              "%s %s: element %d is %s, not %s".formatted(rung, size, i, got[i], wanted[i]));
        }
      }
    }
    body =
        switch (rung) {
          case FUSED -> ours::forward;
          case FUSED_BACKWARD -> ours::backward;
          case COMPOSED -> ours::composed;
        };
  }

  private static Backend open(String kind) {
    for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
      if (provider.kind().equals(kind)) {
        return provider.open(0);
      }
    }
    throw new IllegalStateException("this build has no " + kind);
  }

  /** Gives the device back. */
  @TearDown(Level.Trial)
  public void tearDown() {
    cuda.close();
  }

  /** Once, to its end. */
  @Benchmark
  public void attention() {
    body.run();
    cuda.synchronize();
  }

  /** The operands on a backend. */
  private static final class Attention {
    private final Backend on;
    private final int heads;
    private final int width;
    private final int queries;
    private final int keys;
    private final Kernel.Attention forward;
    private final Kernel.AttentionVjp backward;

    Attention(Backend on, String size) {
      this.on = on;
      String[] sizes = size.split("x");
      heads = Integer.parseInt(sizes[0]);
      width = Integer.parseInt(sizes[1]);
      queries = Integer.parseInt(sizes[2]);
      keys = Integer.parseInt(sizes[3]);
      Tensor q = normal(1, 1, queries, heads * width);
      Tensor k = normal(2, 1, keys, heads * width);
      Tensor v = normal(3, 1, keys, heads * width);
      Tensor dy = normal(4, 1, queries, heads * width);
      Tensor y = empty(q);
      Tensor sums = on.empty(Shape.of(1, heads, queries), q.dtype());
      double scale = scale();
      forward = new Kernel.Attention(q, k, v, y, sums, heads, scale, false);
      backward =
          new Kernel.AttentionVjp(
              q, k, v, y, sums, dy, empty(q), empty(k), empty(v), heads, scale, false);
      on.run(forward);
    }

    private double scale() {
      return 1 / Math.sqrt(width);
    }

    private Tensor normal(long seed, int... dims) {
      Shape shape = Shape.of(dims);
      return Tensor.of(on, shape, new TorchRandom(seed).randn(shape.size()));
    }

    private Tensor empty(Tensor like) {
      return on.empty(like.shape(), like.dtype());
    }

    void forward() {
      on.run(forward);
    }

    void backward() {
      on.run(backward);
    }

    float[] fused() {
      return forward.y().toFloats();
    }

    /** [heads, queries, width]. */
    Tensor composed() {
      Tensor q = byHeads(forward.q(), queries).permute(1, 0, 2);
      Tensor k = byHeads(forward.k(), keys).permute(1, 2, 0);
      Tensor v = byHeads(forward.v(), keys).permute(1, 0, 2);
      return q.matmul(k).mul(scale()).softmax(-1).matmul(v);
    }

    private Tensor byHeads(Tensor x, int tokens) {
      return x.reshape(tokens, heads, width);
    }
  }
}
