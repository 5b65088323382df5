package dev.azimuth.app;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.cpu.CpuBackend;
import picocli.CommandLine.Option;

/** Where a command computes. */
final class ComputeOptions {
  @Option(
      names = "--device",
      defaultValue = "cpu",
      paramLabel = "DEVICE",
      description = "cpu, or cpu:scalar for the slow reference (default: ${DEFAULT-VALUE}).")
  private String device = "cpu";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to compute with; results don't depend on it (default: all cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  /** Number of threads asked for. */
  int threads() {
    return Arguments.within("--threads", threads, 1, Arguments.MOST_THREADS);
  }

  /** The backend asked for. */
  Backend open() {
    return switch (device) {
      case "cpu" -> CpuBackend.simd(threads());
      case "cpu:scalar" -> CpuBackend.scalar(threads());
      default ->
          throw new IllegalArgumentException(
              "--device: no device " + device + "; this build has cpu and cpu:scalar");
    };
  }
}
