package dev.azimuth.benchmarks;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
import org.openjdk.jmh.infra.Blackhole;

/**
 * The workloads of {@code ./azimuth bench} under JMH: an invocation is one call of each operation
 * of a family, or of those whose name contains {@code size} ({@code -p size=32×320}), which are
 * checked against libtorch first. For a profiler or another JVM; ratios come from the command,
 * which lets the sides take turns. It needs a build with {@code -Dazimuth.libtorch}, {@code
 * THP_MEM_ALLOC_ENABLE=1} in the environment and the root of the sources as its folder.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsPrepend = {"--add-modules", "jdk.incubator.vector"})
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class DuelBenchmark {
  private static final Path FULL_SIZE = Path.of("models", "full-size", "config.json");

  /** Which operations. */
  @Param({
    "MATMUL",
    "SKINNY_MATMUL",
    "CONVOLUTION_3X3",
    "OTHER_CONVOLUTION",
    "SELF_ATTENTION",
    "CROSS_ATTENTION",
    "GROUP_NORM_SILU",
    "LAYER_NORM",
    "GEGLU"
  })
  private Family family = Family.MATMUL;

  /** Whether gradients in all operands are computed as well. */
  @Param({"false", "true"})
  private boolean backward;

  /** Part of an operation's name; all of them if it is empty. */
  @Param("")
  private String size = "";

  /** Threads of each side. */
  @Param({"1", "2"})
  private int threads;

  private final List<Duel> duels = new ArrayList<>();

  /** Sets both sides up and holds them against each other. */
  @Setup(Level.Trial)
  public void setUp() throws IOException {
    ModelConfig config = Configuration.read(FULL_SIZE, ModelConfig.class);
    new Workloads(config)
        .operations(Integer.MAX_VALUE).stream()
            .filter(w -> w.family() == family && w.name().contains(size))
            .map(w -> backward ? w.backward() : w)
            .forEach(w -> duels.add(new Duel(w, threads, Optional.empty())));
    if (duels.isEmpty()) {
      throw new IllegalArgumentException("no operation of %s has %s".formatted(family, size));
    }
  }

  /** Gives back threads and memory. */
  @TearDown(Level.Trial)
  public void tearDown() {
    duels.forEach(Duel::close);
  }

  /** Ours. */
  @Benchmark
  public void ours(Blackhole results) {
    duels.forEach(duel -> results.consume(duel.ours()));
  }

  /** libtorch's. */
  @Benchmark
  public void libtorch() {
    duels.forEach(Duel::libtorch);
  }
}
