package dev.azimuth.diffusion;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Tensor;

/**
 * What the frozen networks make of a condition view, whatever is learned from it: its latent, and
 * the image encoder's tokens.
 *
 * @param autoencoder makes the latent
 * @param clip the image encoder
 * @param preprocess its own
 */
public record ViewEncoder(AutoencoderKl autoencoder, ClipVision clip, ClipPreprocess preprocess) {
  /** With OpenAI's preprocessing for the tower's size, resizing as told. */
  public ViewEncoder(AutoencoderKl autoencoder, ClipVision clip, ClipPreprocess.Resizing resizing) {
    this(autoencoder, clip, new ClipPreprocess(clip.config().inputResolution(), resizing));
  }

  /** How much of an image's tokens a conditioner reads. */
  public enum Detail {
    /** The embedding alone. */
    POOLED,
    /** The embedding, then every patch. */
    PATCHES
  }

  /** Where the networks compute. */
  public Backend backend() {
    return clip.backend();
  }

  /** Number of tokens of a view. */
  public int tokens(Detail detail) {
    return detail == Detail.POOLED ? 1 : clip.config().tokens();
  }

  /** Views [N, H, W, 3] in [-1, 1] to tokens [N, T, E]; the first one is the embedding. */
  public Tensor embed(Tensor image, Detail detail) {
    Tensor pixels = preprocess.forward(image);
    return switch (detail) {
      case POOLED -> clip.forward(pixels).reshape(image.shape().dim(0), 1, -1);
      case PATCHES -> clip.tokens(pixels);
    };
  }

  /**
   * Condition views, encoded.
   *
   * @param image [B, n, H, W, 3] in [-1, 1]
   * @param pose the move from each view to the new one, T = [Δθ, sin Δφ, cos Δφ, Δr], [B, n, 4]
   */
  public ConditionViews encode(Tensor image, Tensor pose, Detail detail) {
    Check.shape("condition", "image", image, -1, -1, -1, -1, 3);
    int batch = image.shape().dim(0);
    int count = image.shape().dim(1);
    Tensor each = image.reshape(batch * count, image.shape().dim(2), image.shape().dim(3), 3);
    Tensor tokens = embed(each, detail);
    Tensor latent = autoencoder.encode(each).mean();
    return new ConditionViews(
        tokens.reshape(batch, count, tokens.shape().dim(1), tokens.shape().dim(2)),
        latent.reshape(
            batch, count, latent.shape().dim(1), latent.shape().dim(2), latent.shape().dim(3)),
        pose);
  }
}
