package dev.azimuth.app;

import dev.azimuth.diffusion.DdimSchedule;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.Sampling;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.diffusion.checkpoint.Checkpoint;
import dev.azimuth.nn.Parameters.Storage;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which model a command runs, and how it samples. */
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "M",
      description =
          "A model's folder, a diffusers folder, a .ckpt or a .safetensors (default: the bundled"
              + " models/mini).")
  private @Nullable Path model;

  @Mixin private CheckpointOptions checkpoint;

  @Option(
      names = "--low-memory",
      description = "Keep weights in half precision: half the memory, slower steps.")
  private boolean isLowMemory;

  @Option(names = "--steps", description = "Denoising steps (default: the model's).")
  private @Nullable Integer steps;

  @Option(names = "--scale", description = "Guidance scale, 1 is none (default: the model's).")
  private @Nullable Double scale;

  @Option(
      names = "--eta",
      description = "0 is deterministic DDIM, 1 has DDPM's noise (default: the model's).")
  private @Nullable Double eta;

  @Option(
      names = "--sampler",
      paramLabel = "reference|diffusers",
      description = "Which timesteps are used (default: the model's).")
  private DdimSchedule.@Nullable Rule sampler;

  @Option(names = "--seed", defaultValue = "0", description = "Seed (default: ${DEFAULT-VALUE}).")
  private long seed;

  /** The small model that comes with Azimuth. */
  static Path bundled() {
    return Path.of(System.getProperty("azimuth.home", ".")).resolve("models").resolve("mini");
  }

  /** Where the model lies. */
  Path path() {
    return model != null ? model : bundled();
  }

  /** The model on a backend; what the user should know about it goes to standard error. */
  Zero123 open(Backend backend) throws IOException {
    try (Checkpoint opened = checkpoint.open(path())) {
      if (isLowMemory) {
        CheckpointOptions.tell(
            "--low-memory: weights rest in half precision (float32 ones are rounded) and are"
                + " widened at each use: a full-size synthesis takes 1.2 times as long");
      }
      return opened.load(backend, isLowMemory ? Storage.FLOAT16 : Storage.FLOAT32);
    }
  }

  /** How to sample: what was given, and the model's own values for the rest. */
  Sampling sampling(Zero123 opened) {
    Sampling own = opened.config().sampling();
    try {
      Sampling asked =
          new Sampling(
              sampler == null ? own.rule() : sampler,
              steps == null ? own.steps() : steps,
              scale == null ? own.scale() : scale,
              eta == null ? own.eta() : eta);
      NoiseSchedule schedule = new NoiseSchedule(opened.config().schedule());
      DdimSchedule.of(schedule, asked.rule(), asked.steps(), asked.eta());
      return asked;
    } catch (IllegalArgumentException e) {
      // "steps: must be ...": the values are named as the options are
      throw new IllegalArgumentException("--" + e.getMessage(), e);
    }
  }

  /** The seed of sample {@code i}; neighbouring seeds of a user don't share samples. */
  long seed(int i) {
    return i == 0 ? seed : TorchRandom.derive(seed, i);
  }
}
