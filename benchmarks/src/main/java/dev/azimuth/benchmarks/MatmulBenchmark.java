package dev.azimuth.benchmarks;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * A linear layer's three matrix products, x [m, k], W [n, k], dy [m, n]: y = x Wᵀ, dx = dy W and dW
 * = dyᵀ x. The counter {@code gflop} is GFLOP/s, 2·m·n·k operations each.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(jvmArgsPrepend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Benchmark)
public class MatmulBenchmark {
  // rows are sums of products of numbers in [-1, 1): k of them rounded k times at most
  private static final double TOLERANCE_PER_TERM = 1e-6;

  /** {@code m x n x k}. */
  @Param({
    "16384x64x64",
    "4096x128x128",
    "4096x256x256",
    "1024x768x768",
    "256x768x256",
    "1x768x768"
  })
  private String size = "1024x768x768";

  /** Threads of the backend. */
  @Param({"1", "2"})
  private int threads;

  private Backend backend = CpuBackend.simd(1);
  private Tensor x = Tensor.of(backend, Shape.of(1), 0);
  private Tensor weight = x;
  private Tensor dy = x;
  private double operations;

  /** Counts operations beside calls. */
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  @State(Scope.Thread)
  public static class Rate {
    /** Operations so far, in units of 10⁹. */
    public double gflop;
  }

  /** Makes the operands and holds one row of y against a sum in double. */
  @Setup(Level.Trial)
  public void setUp() {
    String[] sizes = size.split("x");
    int m = Integer.parseInt(sizes[0]);
    int n = Integer.parseInt(sizes[1]);
    int k = Integer.parseInt(sizes[2]);
    backend = CpuBackend.simd(threads);
    Random random = new Random(1);
    x = random(random, m, k);
    weight = random(random, n, k);
    dy = random(random, m, n);
    operations = 2e-9 * m * n * k;
    requireRow(forward().toFloats(), m - 1, n, k);
  }

  private Tensor random(Random random, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = 2 * random.nextFloat() - 1;
    }
    return Tensor.of(backend, Shape.of(rows, columns), values);
  }

  private void requireRow(float[] y, int row, int n, int k) {
    float[] a = x.toFloats();
    float[] b = weight.toFloats();
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int p = 0; p < k; p++) {
        sum += (double) a[row * k + p] * b[j * k + p];
      }
      if (!(Math.abs(y[row * n + j] - sum) <= TOLERANCE_PER_TERM * k)) {
        throw new IllegalStateException(
            "y[%d, %d] is %s, should be %s".formatted(row, j, y[row * n + j], sum));
      }
    }
  }

  /** Gives back the backend's threads. */
  @TearDown(Level.Trial)
  public void tearDown() {
    backend.close();
  }

  private Tensor forward() {
    return x.matmul(weight, false, true);
  }

  /** y = x Wᵀ. */
  @Benchmark
  public Tensor forward(Rate rate) {
    rate.gflop += operations;
    return forward();
  }

  /** dx = dy W. */
  @Benchmark
  public Tensor inputGradient(Rate rate) {
    rate.gflop += operations;
    return dy.matmul(weight);
  }

  /** dW = dyᵀ x. */
  @Benchmark
  public Tensor weightGradient(Rate rate) {
    rate.gflop += operations;
    return dy.matmul(x, true, false);
  }
}
