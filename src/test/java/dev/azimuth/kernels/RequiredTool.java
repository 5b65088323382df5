package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A program that a test needs besides the JDK. Where it is absent the test is skipped, and says so;
 * unless the environment's {@code AZIMUTH_REQUIRE}, as in {@code .ci/run}, names it: then it fails.
 */
enum RequiredTool {
  GCC;

  private static final String REQUIRED = "AZIMUTH_REQUIRE";

  /** Returns where the program is on the path. */
  void orSkip() {
    String program = name().toLowerCase(Locale.ROOT);
    String path = System.getenv().getOrDefault("PATH", "");
    boolean isThere =
        Arrays.stream(path.split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    if (isThere) {
      return;
    }
    String absent = "no %s on the path".formatted(program);
    if (List.of(System.getenv().getOrDefault(REQUIRED, "").split(",")).contains(program)) {
      fail("%s, which %s requires".formatted(absent, REQUIRED));
    }
    System.err.printf("SKIPPED: %s: the binding to CUDA's driver is not tested%n", absent);
    abort(absent);
  }
}
