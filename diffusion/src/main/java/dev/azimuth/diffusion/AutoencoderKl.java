package dev.azimuth.diffusion;

import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.Initialization;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;

/**
 * The variational autoencoder between images and latents (Rombach et al. 2022; reference {@code
 * ldm/models/autoencoder.py}).
 */
public final class AutoencoderKl {
  private static final float INITIAL_LOG_VARIANCE = -6;

  private final AutoencoderConfig config;
  private final Encoder encoder;
  private final Conv2d quantConv;
  private final Decoder decoder;
  private final Conv2d postQuantConv;

  /**
   * A diagonal normal distribution over latents [N, h, w, embedDim].
   *
   * @param mean its mean, which is also its mode
   * @param logVariance logarithm of its variance, clamped to [-30, 20]
   */
  public record Posterior(Tensor mean, Tensor logVariance) {
    /** mean + standard deviation · noise, noise standard normal of the same shape. */
    public Tensor sample(Tensor noise) {
      return mean.add(logVariance.mul(0.5).exp().mul(noise));
    }

    /** Divergence from the standard normal, summed over a sample's elements: scalar mean over N. */
    public Tensor klDivergence() {
      Tensor perElement = mean.square().add(logVariance.exp()).sub(logVariance).affine(0.5, -0.5);
      return perElement.sum().mul(1.0 / mean.shape().dim(0));
    }
  }

  /** Parameters {@code encoder, decoder, quant_conv, post_quant_conv}. */
  public AutoencoderKl(Parameters p, AutoencoderConfig config) {
    this.config = config;
    int z = config.zChannels();
    int embed = config.embedDim();
    this.encoder = new Encoder(p.at("encoder"), config);
    this.decoder = new Decoder(p.at("decoder"), config);
    this.quantConv =
        Conv2d.of(p.at("quant_conv"), 2 * z, 2 * embed, Window.ONE, narrowPosterior(embed));
    this.postQuantConv = Conv2d.of(p.at("post_quant_conv"), embed, z, Window.ONE);
  }

  // a new encoder's means are small: noise of variance 1 would drown them, and with them every
  // colour,
  // for thousands of steps
  private static Initialization narrowPosterior(int embed) {
    return (_, shape) -> {
      float[] bias = new float[shape.size()];
      Arrays.fill(bias, embed, bias.length, INITIAL_LOG_VARIANCE);
      return bias;
    };
  }

  /** The configuration it was built from. */
  public AutoencoderConfig config() {
    return config;
  }

  /** Mean and unclamped log-variance of an image's latent side by side: [N, h, w, 2·embedDim]. */
  public Tensor moments(Tensor image) {
    Check.shape("autoencoder", "image", image, -1, -1, -1, config.inChannels());
    int f = config.downsampling();
    Check.that(
        image.shape().dim(1) % f == 0 && image.shape().dim(2) % f == 0,
        "autoencoder",
        "height and width must be multiples of " + f,
        image);
    return quantConv.forward(encoder.forward(image));
  }

  /** The distribution of the latent of an image [N, H, W, C] in [-1, 1]. */
  public Posterior encode(Tensor image) {
    return posterior(moments(image));
  }

  /** The distribution with these moments [N, h, w, 2·embedDim]. */
  public Posterior posterior(Tensor moments) {
    int embed = config.embedDim();
    return new Posterior(
        moments.slice(3, 0, embed), moments.slice(3, embed, 2 * embed).clamp(-30, 20));
  }

  /** The image of a latent [N, h, w, embedDim], about [-1, 1], not clamped. */
  public Tensor decode(Tensor latent) {
    Check.shape("autoencoder", "latent", latent, -1, -1, -1, config.embedDim());
    return decoder.forward(postQuantConv.forward(latent));
  }
}
