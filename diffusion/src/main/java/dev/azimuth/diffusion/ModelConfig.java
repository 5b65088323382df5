package dev.azimuth.diffusion;

import org.jspecify.annotations.Nullable;

/**
 * A whole model: what a folder's {@code config.json} holds.
 *
 * @param conditioner how view and pose become tokens; no default
 * @param imageSize height and width of the pictures, pixels
 * @param scaleFactor what the latent is multiplied by before it is noised
 * @param schedule the noise levels
 * @param predictionType what the UNet predicts; the noise if it isn't said
 * @param unet the noise-prediction network
 * @param autoencoder the network between images and latents
 * @param clip the image encoder
 * @param clipResize how a view is resized for it; as in the reference if it isn't said
 * @param pose how a move becomes numbers; as in the reference if it isn't said
 * @param sampling how {@code synthesize} samples if it isn't told
 * @param weights where the weights come from if not from a file beside the configuration
 */
public record ModelConfig(
    ConditionerConfig conditioner,
    int imageSize,
    double scaleFactor,
    NoiseSchedule.Config schedule,
    PredictionType predictionType,
    UNetConfig unet,
    AutoencoderConfig autoencoder,
    ClipVisionConfig clip,
    ClipPreprocess.Resizing clipResize,
    PoseEncoding pose,
    Sampling sampling,
    @Nullable SeededRule weights) {

  /**
   * Weights that follow from a seed, so that a model of any size can be run and timed without the
   * published ones.
   *
   * @param rule {@code torch.randn}: as {@link SeededParameters} has them
   * @param seed of the first parameter in ascending order of names; each next one's is 1 more
   */
  public record SeededRule(String rule, long seed) {
    /** Throws {@link IllegalArgumentException} if the rule is another. */
    public SeededRule {
      if (!SeededParameters.RULE.equals(rule)) {
        throw new IllegalArgumentException(
            "weights: the rule must be " + SeededParameters.RULE + ", not " + rule);
      }
    }
  }

  /** Throws {@link IllegalArgumentException} naming the first value that can't be. */
  public ModelConfig {
    require("conditioner", conditioner);
    require("schedule", schedule);
    require("unet", unet);
    require("autoencoder", autoencoder);
    require("clip", clip);
    predictionType = predictionType == null ? PredictionType.EPSILON : predictionType;
    clipResize = clipResize == null ? ClipPreprocess.Resizing.REFERENCE : clipResize;
    pose = pose == null ? PoseEncoding.ZERO123 : pose;
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
        conditioner,
        imageSize,
        factor,
        schedule,
        predictionType,
        unet,
        autoencoder,
        clip,
        clipResize,
        pose,
        sampling,
        weights);
  }

  /** The same model with another conditioner, its tokens of another width. */
  public ModelConfig withConditioner(ConditionerConfig other, int contextDim) {
    return new ModelConfig(
        other,
        imageSize,
        scaleFactor,
        schedule,
        predictionType,
        unet.withContextDim(contextDim),
        autoencoder,
        clip,
        clipResize,
        pose,
        sampling,
        weights);
  }

  /** The same model with another's noise prediction: its conditioner, UNet, objective, sampling. */
  public ModelConfig withNoisePrediction(ModelConfig other) {
    return new ModelConfig(
        other.conditioner,
        imageSize,
        scaleFactor,
        other.schedule,
        other.predictionType,
        other.unet,
        autoencoder,
        clip,
        clipResize,
        pose,
        other.sampling,
        other.weights);
  }

  /** The same model with views resized, and moves encoded, in another way. */
  public ModelConfig withConditioning(ClipPreprocess.Resizing resizing, PoseEncoding encoding) {
    return new ModelConfig(
        conditioner,
        imageSize,
        scaleFactor,
        schedule,
        predictionType,
        unet,
        autoencoder,
        clip,
        resizing,
        encoding,
        sampling,
        weights);
  }

  /** The same model with its weights in a file. */
  public ModelConfig withStoredWeights() {
    return new ModelConfig(
        conditioner,
        imageSize,
        scaleFactor,
        schedule,
        predictionType,
        unet,
        autoencoder,
        clip,
        clipResize,
        pose,
        sampling,
        null);
  }
}
