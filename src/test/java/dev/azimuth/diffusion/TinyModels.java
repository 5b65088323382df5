package dev.azimuth.diffusion;

import java.util.List;

/** Models of a few thousand parameters, of the published architecture. */
public final class TinyModels {
  private TinyModels() {}

  /** A UNet of two levels with transformers at both, over 2 latent channels. */
  public static UNetConfig unet() {
    return new UNetConfig(4, 2, 4, 1, List.of(1, 2), List.of(1, 2), 2, 1, 6, 2);
  }

  /** An autoencoder that halves once, to 2 latent channels. */
  public static AutoencoderConfig autoencoder() {
    return new AutoencoderConfig(4, List.of(1, 2), 1, List.of(), 3, 3, 2, 16, 2, 2);
  }

  /** A vision tower of four patches. */
  public static ClipVisionConfig clip() {
    return new ClipVisionConfig(8, 4, 6, 1, 2, 5);
  }

  /** A text tower of four tokens. */
  public static ClipTextConfig clipText() {
    return new ClipTextConfig(4, 7, 6, 2, 1, 5);
  }

  /** UNet, autoencoder and vision tower, for pictures of 16×16. */
  public static ModelConfig model() {
    return new ModelConfig(
        new ConditionerConfig.Zero123(),
        16,
        0.7,
        new NoiseSchedule.Config(1000, 0.00085, 0.012),
        PredictionType.EPSILON,
        unet(),
        autoencoder(),
        clip(),
        ClipPreprocess.Resizing.REFERENCE,
        PoseEncoding.ZERO123,
        Sampling.REFERENCE,
        null);
  }
}
