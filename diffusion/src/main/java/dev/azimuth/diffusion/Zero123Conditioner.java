package dev.azimuth.diffusion;

import dev.azimuth.nn.Context;
import dev.azimuth.nn.Initialization;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Tensor;

/**
 * Zero-1-to-3's published conditioning (Liu et al. 2023; reference {@code ddpm.py}, {@code
 * cc_projection}): image embedding and pose, side by side, mixed into <em>one</em> token by a
 * linear layer; beside the noisy latent the mode of the condition view's latent, not scaled.
 */
public final class Zero123Conditioner implements Conditioner {
  private final AutoencoderKl autoencoder;
  private final ClipVision clip;
  private final ClipPreprocess preprocess;
  private final Tensor weight;
  private final Tensor bias;

  /** With OpenAI's preprocessing for the tower's size, resizing as told. */
  public Zero123Conditioner(
      Parameters p,
      AutoencoderKl autoencoder,
      ClipVision clip,
      int contextDim,
      ClipPreprocess.Resizing resizing) {
    this(
        p,
        autoencoder,
        clip,
        contextDim,
        new ClipPreprocess(clip.config().inputResolution(), resizing));
  }

  /** Parameters {@code weight} [contextDim, embedding + 4] and {@code bias} of cc_projection. */
  public Zero123Conditioner(
      Parameters p,
      AutoencoderKl autoencoder,
      ClipVision clip,
      int contextDim,
      ClipPreprocess preprocess) {
    this.autoencoder = autoencoder;
    this.clip = clip;
    this.preprocess = preprocess;
    int embedding = clip.config().outputDim();
    this.weight = p.tensor("weight", identityAndPose(embedding), contextDim, embedding + 4);
    this.bias = p.tensor("bias", Initialization.zeros(), contextDim);
  }

  // the published start: the image passes through unchanged, the pose columns as any Linear's
  private static Initialization identityAndPose(int embedding) {
    return (random, shape) -> {
      int in = shape.dim(1);
      float[] values = Initialization.fanIn(in).draw(random, shape);
      for (int o = 0; o < shape.dim(0); o++) {
        for (int i = 0; i < embedding; i++) {
          values[o * in + i] = o == i ? 1 : 0;
        }
      }
      return values;
    };
  }

  /** The image embedding [B, E] of views [B, H, W, 3] in [-1, 1]. */
  public Tensor embed(Tensor image) {
    return clip.forward(preprocess.forward(image));
  }

  /** The one token [B, 1, contextDim] of image embedding [B, E] and pose [B, 4]. */
  public Context.SingleToken token(Tensor embedding, Tensor pose) {
    Check.shape("conditioner", "pose", pose, embedding.shape().dim(0), 4);
    Tensor token = Tensor.concat(1, embedding, pose).linear(weight, bias);
    return new Context.SingleToken(token.reshape(token.shape().dim(0), 1, token.shape().dim(1)));
  }

  @Override
  public Conditioning condition(Tensor image, Tensor pose) {
    return new Conditioning(token(embed(image), pose), autoencoder.encode(image).mean());
  }
}
