package dev.azimuth.benchmarks;

import dev.azimuth.benchmarks.TorchScript.ImageLayout;
import dev.azimuth.views.Image;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command {@code azimuth synthesize} at full size, from the start of its JVM to the picture on
 * disk, beside {@link TorchSynthesis} with the same weights, picture and seed.
 */
final class Synthesis implements AutoCloseable {
  // the sampler takes rounding from step to step; the pictures must be one to the eye
  private static final double TOLERANCE = 0.05;

  private static final List<String> FLAGS =
      List.of(
          "--add-modules",
          "jdk.incubator.vector",
          "--enable-native-access=ALL-UNNAMED",
          "-XX:+UseParallelGC",
          "-XX:MaxRAMPercentage=50");
  private static final String DEGREES = "30";

  private final Path model;
  private final Path image;
  private final int steps;
  private final int threads;
  private final ImageLayout layout;
  private final Path folder;

  Synthesis(Path home, int steps, int threads, ImageLayout layout) throws IOException {
    this.model = home.resolve("models").resolve("full-size");
    this.image = home.resolve("models/mini/demo/scopia-ryokanchair/000.png");
    this.steps = steps;
    this.threads = threads;
    this.layout = layout;
    this.folder = Files.createTempDirectory("azimuth-bench");
  }

  /** As reports call it. */
  String name() {
    return "synthesize, full size, %d steps".formatted(steps);
  }

  /** Ours, once. */
  void ours() {
    run(
        "dev.azimuth.app.Main",
        "synthesize",
        "--model",
        model.toString(),
        "--image",
        image.toString(),
        "--azimuth",
        DEGREES,
        "--steps",
        Integer.toString(steps),
        "--threads",
        Integer.toString(threads),
        "--out",
        picture("ours").toString());
  }

  /** libtorch's, once. */
  void libtorch() {
    run(
        TorchSynthesis.class.getName(),
        model.toString(),
        image.toString(),
        DEGREES,
        Integer.toString(steps),
        Integer.toString(threads),
        layout.name(),
        picture("libtorch").toString());
  }

  private Path picture(String side) {
    return folder.resolve(side + ".png");
  }

  private void run(String main, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(FLAGS);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    command.addAll(List.of(args));
    File log = folder.resolve("log").toFile();
    try {
      Process process =
          new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log).start();
      int status = process.waitFor();
      if (status != 0) {
        throw new IllegalStateException(
            "%s ended with %d:\n%s".formatted(main, status, Files.readString(log.toPath())));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + main + " ran", e);
    }
  }

  /**
   * How far the pictures are apart, relative to libtorch's.
   *
   * @throws IllegalStateException if they aren't one picture
   */
  double relativeError() {
    try {
      float[] ours = Image.read(picture("ours")).toSignedRgb();
      double error = Duel.relativeError(ours, Image.read(picture("libtorch")).toSignedRgb());
      if (!(error <= TOLERANCE)) {
        throw new IllegalStateException(
            "%s: the pictures are %.1e apart, tolerance %.1e".formatted(name(), error, TOLERANCE));
      }
      return error;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    for (String name : List.of("ours.png", "libtorch.png", "log", "")) {
      Files.deleteIfExists(folder.resolve(name));
    }
  }
}
