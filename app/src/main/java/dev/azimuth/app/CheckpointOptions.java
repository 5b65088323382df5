package dev.azimuth.app;

import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.diffusion.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a model is read from what was published of it. */
final class CheckpointOptions {
  @Option(
      names = "--config",
      paramLabel = "F.json",
      description = "The model's configuration, in place of its own or what its tensors tell.")
  private @Nullable Path config;

  @Option(
      names = "--no-ema",
      description = "Take the raw weights of a checkpoint that has a moving average too.")
  private boolean isRaw;

  @Option(
      names = "--pose",
      paramLabel = "zero123|stable-zero123",
      description =
          "How the model takes moves, which no published file tells (default: zero123); kept where"
              + " a layout has a place for it.")
  private @Nullable PoseEncoding pose;

  /** Whether the moving average is passed over. */
  boolean isRaw() {
    return isRaw;
  }

  /** The model; what the user should know about it goes to standard error. */
  Checkpoint open(Path model) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(model, new Checkpoint.Options(!isRaw, config, pose));
    checkpoint.notes().forEach(CheckpointOptions::tell);
    return checkpoint;
  }

  /** A line to the user, beside what a command prints. */
  static void tell(String note) {
    System.err.println("azimuth: " + note);
  }
}
