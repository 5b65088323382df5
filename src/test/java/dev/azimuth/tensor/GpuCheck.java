package dev.azimuth.tensor;

import dev.azimuth.kernels.CudaBackendProvider;
import dev.azimuth.kernels.OwnCudaBackendProvider;
import dev.azimuth.tensor.file.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Every kernel on this machine's card against the oracle, with NVIDIA's libraries where they load
 * and without: what {@code kernels/gpu-check} runs. Ends with status 1 if a kernel misses, 2 if
 * there is no card.
 */
public final class GpuCheck {
  private final StringBuilder report = new StringBuilder();
  private int misses;

  private GpuCheck() {}

  /** One argument: the report to write. */
  public static void main(String... args) throws IOException {
    GpuCheck check = new GpuCheck();
    try {
      for (BackendProvider provider :
          List.of(new OwnCudaBackendProvider(), new CudaBackendProvider())) {
        try (Backend cuda = provider.open(0)) {
          check.run(cuda);
        }
      }
    } catch (IllegalArgumentException e) {
      System.err.println("gpu-check: " + e.getMessage());
      System.exit(2);
    }
    AtomicFile.writeString(Path.of(args[0]), check.report);
    System.exit(check.misses > 0 ? 1 : 0);
  }

  private void run(Backend cuda) {
    report.append("## ").append(cuda.description()).append("\n\n");
    report.append("| kernel | cases | out of tolerance |\n| --- | ---: | ---: |\n");
    StringBuilder details = new StringBuilder();
    KernelConformance.cases().forEach((kernel, cases) -> details.append(run(cuda, kernel, cases)));
    report.append('\n');
    if (!details.isEmpty()) {
      report.append("```\n").append(details).append("```\n\n");
    }
  }

  private String run(Backend cuda, String kernel, List<KernelCase> cases) {
    StringBuilder details = new StringBuilder();
    int failed = 0;
    for (KernelCase c : cases) {
      String missed = misses(cuda, c);
      if (!missed.isEmpty()) {
        failed++;
        details.append("%s, %s: %s%n".formatted(kernel, c.label(), missed));
      }
    }
    misses += failed;
    report.append("| %s | %d | %d |%n".formatted(kernel, cases.size(), failed));
    System.out.printf(
        "%s %s: %d of %d cases fit%n", cuda.name(), kernel, cases.size() - failed, cases.size());
    return details.toString();
  }

  private static String misses(Backend cuda, KernelCase c) {
    try {
      return KernelConformance.misses(cuda, c.kernel().get());
    } catch (AssertionError | RuntimeException e) {
      return e.toString(); // one kernel's failure must not hide the others'
    }
  }
}
