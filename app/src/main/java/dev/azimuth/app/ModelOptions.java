package dev.azimuth.app;

import dev.azimuth.diffusion.DdimSchedule;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.Sampling;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model a command runs, and how it samples. */
final class ModelOptions {
  @Option(
      names = "--model",
      paramLabel = "M",
      description = "A model's folder (default: the bundled models/mini).")
  private @Nullable Path model;

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

  /** The model's folder. */
  Path folder() {
    return model != null ? model : bundled();
  }

  /** The small model that comes with Azimuth. */
  static Path bundled() {
    return Path.of(System.getProperty("azimuth.home", ".")).resolve("models").resolve("mini");
  }

  /** The model on a backend. */
  Zero123 open(Backend backend) throws IOException {
    return Zero123.open(backend, folder());
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
