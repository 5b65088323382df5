package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed PTX is what {@code kernels/build-ptx} makes of the sources here. */
final class PtxBuildTest {
  private static final String COMPILER = "release 13.0, V13.0.88";

  @Test
  void committedPtxIsWhatNvccMakes(@TempDir Path made) throws IOException, InterruptedException {
    assumeTrue(isCompilerHere(), "no nvcc of " + COMPILER + " on the path");
    Path script = Path.of("../../kernels/build-ptx").toAbsolutePath().normalize();
    Process build =
        new ProcessBuilder(script.toString(), made.toString()).redirectErrorStream(true).start();
    String output = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, build.waitFor(), output);
    Map<String, String> wanted = new TreeMap<>();
    try (Stream<Path> files = Files.list(made)) {
      for (Path file : files.toList()) {
        wanted.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    Map<String, String> shipped = ShippedPtx.texts();
    assertEquals(wanted.keySet(), shipped.keySet());
    wanted.forEach(
        (name, text) ->
            assertEquals(
                "none", ShippedPtx.firstDifference(text, shipped.get(name)), name + " is stale"));
  }

  private static boolean isCompilerHere() throws IOException, InterruptedException {
    boolean isOnPath =
        Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "nvcc")));
    if (!isOnPath) {
      return false;
    }
    Process version = new ProcessBuilder("nvcc", "--version").start();
    String text = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return version.waitFor() == 0 && text.contains(COMPILER);
  }
}
