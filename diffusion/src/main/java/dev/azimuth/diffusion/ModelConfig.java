package dev.azimuth.diffusion;

import org.jspecify.annotations.Nullable;

/**
 * A whole model: what a folder's {@code config.json} holds.
 *
 * @param conditioner how view and pose become tokens; no default
 * @param imageSize height and width of the pictures, pixels
 * @param scaleFactor what the latent is multiplied by before it is noised
 * @param schedule the noise levels
 * @param unet the noise-prediction network
 * @param autoencoder the network between images and latents
 * @param clip the image encoder
 * @param sampling how {@code synthesize} samples if it isn't told
 */
public record ModelConfig(
    ConditionerKind conditioner,
    int imageSize,
    double scaleFactor,
    NoiseSchedule.Config schedule,
    UNetConfig unet,
    AutoencoderConfig autoencoder,
    ClipVisionConfig clip,
    Sampling sampling) {

  /** The conditioners by their name in a configuration. */
  public enum ConditionerKind {
    /** {@link Zero123Conditioner}. */
    ZERO123
  }

  /** Throws {@link IllegalArgumentException} naming the first value that can't be. */
  public ModelConfig {
    require("conditioner", conditioner);
    require("schedule", schedule);
    require("unet", unet);
    require("autoencoder", autoencoder);
    require("clip", clip);
    sampling = sampling == null ? Sampling.REFERENCE : sampling;
    Sizes.requirePositive("image_size", imageSize);
    Sizes.requireDivides(
        "autoencoder: its downsampling", autoencoder.downsampling(), "image_size", imageSize);
    Sizes.requireDivides(
        "unet: 2 to its number of levels - 1",
        1 << (unet.levels() - 1),
        "the latent's size",
        imageSize / autoencoder.downsampling());
    if (!(scaleFactor > 0) || Double.isInfinite(scaleFactor)) {
      throw new IllegalArgumentException("scale_factor: must be positive, not " + scaleFactor);
    }
    if (unet.inChannels() != 2 * autoencoder.embedDim()
        || unet.outChannels() != autoencoder.embedDim()) {
      throw new IllegalArgumentException(
          "unet: in_channels and out_channels must be 2 and 1 times the latent's "
              + autoencoder.embedDim()
              + " channels, not "
              + unet.inChannels()
              + " and "
              + unet.outChannels());
    }
  }

  private static void require(String key, @Nullable Object value) {
    if (value == null) {
      throw new IllegalArgumentException(key + ": is missing");
    }
  }

  /** Height and width of the latent. */
  public int latentSize() {
    return imageSize / autoencoder.downsampling();
  }

  /** The same model with another scale factor, as measured on its latents. */
  public ModelConfig withScaleFactor(double factor) {
    return new ModelConfig(
        conditioner, imageSize, factor, schedule, unet, autoencoder, clip, sampling);
  }
}
