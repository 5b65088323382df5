package dev.azimuth.diffusion.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.azimuth.autograd.Gradients;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.views.RelativePose;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A training in a JVM of its own is killed with SIGKILL at ten random moments, resumed each time,
 * and ends with the bits of one left alone, which ran here on another number of threads.
 */
class KilledTrainingTest {
  private static final int STEPS = 24;
  private static final int KILLS = 10;
  private static final List<String> RESULTS =
      List.of(
          "autoencoder.safetensors",
          "image_encoder.safetensors",
          "noise_prediction.safetensors",
          "autoencoder-loss.csv",
          "image_encoder-loss.csv",
          "noise_prediction-loss.csv",
          "model/model.safetensors",
          "model/config.json");

  @TempDir private Path folder;

  @Test
  void resumedTenTimesItEndsWithTheSameBits() throws IOException, InterruptedException {
    Path killed = folder.resolve("killed");
    SplittableRandom random = new SplittableRandom(20260);
    for (int kill = 0; kill < KILLS; kill++) {
      // after some steps, and somewhere within what follows: a step, a checkpoint, the next stage
      killAfter(killed, 1 + random.nextInt(4), random.nextInt(60));
    }
    assertFalse(
        Files.exists(killed.resolve("noise_prediction.safetensors")), "was killed too late");
    Process last = start(killed);
    drain(last);
    assertEquals(0, last.waitFor());

    Path undisturbed = folder.resolve("undisturbed");
    try (Backend backend = CpuBackend.simd(2)) {
      TinyTraining.run(backend, TinyTraining.config(STEPS), undisturbed, false)
          .run(new TinyTraining.SilentListener());
      for (String result : RESULTS) {
        assertArrayEquals(
            Files.readAllBytes(undisturbed.resolve(result)),
            Files.readAllBytes(killed.resolve(result)),
            result);
      }
      Zero123.open(backend, killed.resolve("model"));
    }
    assertFalse(Files.exists(killed.resolve("noise_prediction.checkpoint.safetensors")));
  }

  private static void killAfter(Path run, int steps, int milliseconds)
      throws IOException, InterruptedException {
    Process process = start(run);
    try (BufferedReader said = process.inputReader(StandardCharsets.UTF_8)) {
      List<String> lines = new ArrayList<>();
      for (int i = 0; i < steps; i++) {
        String line = said.readLine();
        assertTrue(line != null && line.matches("\\d+"), () -> "child said " + lines + line);
        lines.add(line);
      }
      Thread.sleep(milliseconds);
      process.destroyForcibly(); // SIGKILL
      assertEquals(128 + 9, process.waitFor());
    }
  }

  private static Process start(Path run) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .anyMatch(argument -> argument.contains("jdk.incubator.vector"))) {
      command.addAll(List.of("--add-modules", "jdk.incubator.vector"));
    }
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-cp", classPath()));
    command.addAll(List.of(TinyTraining.class.getName(), run.toString(), Integer.toString(STEPS)));
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  /** Where this JVM found what a training needs, whatever started it. */
  private static String classPath() {
    return Stream.of(
            TinyTraining.class,
            Tensor.class,
            Gradients.class,
            Parameters.class,
            Zero123.class,
            RelativePose.class,
            JsonMapper.class,
            JsonFactory.class,
            JsonProperty.class)
        .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
        .map(location -> Path.of(URI.create(location.toString())).toString())
        .distinct()
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static void drain(Process process) throws IOException {
    try (Stream<String> lines = process.inputReader(StandardCharsets.UTF_8).lines()) {
      lines.forEach(_ -> {});
    }
  }
}
