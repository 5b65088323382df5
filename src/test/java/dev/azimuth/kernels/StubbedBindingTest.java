package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * JCuda's real natives load a {@code libcuda.so.1} that this test compiles, and which forwards to
 * the emulator: so what {@link JCudaDevice} hands over is seen as a driver sees it.
 */
final class StubbedBindingTest {
  private static final long MINUTES = 5;

  @TempDir private Path folder;

  @Test
  void theBindingSaysToTheDriverWhatItMeans() throws IOException, InterruptedException {
    RequiredTool.GCC.orSkip();
    Path library = folder.resolve("libcuda.so.1");
    compileStub(library);
    ProcessBuilder java =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx1g",
            "-cp",
            System.getProperty("java.class.path"),
            BindingChecks.class.getName(),
            library.toString());
    java.environment().put("LD_LIBRARY_PATH", folder.toString());
    String said = run(java);
    assertTrue(said.contains("ok model"), said);
  }

  private void compileStub(Path library) throws IOException, InterruptedException {
    Path source = folder.resolve("libcuda_stub.c");
    try (InputStream in = getClass().getResourceAsStream("/kernels/libcuda_stub.c")) {
      Files.copy(in, source);
    }
    run(
        new ProcessBuilder(
            List.of(
                "gcc",
                "-shared",
                "-fPIC",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-Wl,-soname,libcuda.so.1",
                "-o",
                library.toString(),
                source.toString())));
  }

  private static String run(ProcessBuilder builder) throws IOException, InterruptedException {
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(MINUTES, TimeUnit.MINUTES), output);
    assertEquals(0, process.exitValue(), output);
    return output;
  }
}
