package dev.azimuth.app;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BackendProvider;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Where a command computes. */
final class ComputeOptions {
  private static final Pattern DEVICE = Pattern.compile("([a-z-]+):([0-9]{1,4})");

  @Option(
      names = "--device",
      defaultValue = "cpu",
      paramLabel = "DEVICE",
      description =
          "cpu, cuda:0 for the first NVIDIA GPU, cuda-own:0 for the same without NVIDIA's"
              + " libraries, or cpu:scalar for the slow reference (default: ${DEFAULT-VALUE}).")
  private String device = "cpu";

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to compute with; results don't depend on it (default: all cores).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--exact",
      description =
          "On the cpu, convolve without Winograd's algorithm: slower, with less rounding error.")
  private boolean isExact;

  /** Number of threads asked for. */
  int threads() {
    return Arguments.within("--threads", threads, 1, Arguments.MOST_THREADS);
  }

  /** The backend asked for. */
  Backend open() {
    return open(device, threads(), isExact);
  }

  /**
   * The backend of a device by its name.
   *
   * @throws IllegalArgumentException with one line that says why there is none
   */
  static Backend open(String device, int threads, boolean isExact) {
    return switch (device) {
      case "cpu" -> CpuBackend.simd(threads, isExact);
      case "cpu:scalar" -> CpuBackend.scalar(threads);
      default -> provided(device);
    };
  }

  private static Backend provided(String device) {
    Matcher name = DEVICE.matcher(device);
    StringBuilder kinds = new StringBuilder("cpu, cpu:scalar");
    for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
      if (name.matches() && provider.kind().equals(name.group(1))) {
        return provider.open(Integer.parseInt(name.group(2)));
      }
      kinds.append(", ").append(provider.kind()).append(":0");
    }
    throw new IllegalArgumentException(
        "--device: no device %s; this build has %s".formatted(device, kinds));
  }
}
