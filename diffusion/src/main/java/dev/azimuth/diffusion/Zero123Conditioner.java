package dev.azimuth.diffusion;

import dev.azimuth.nn.Context;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Tensor;

/**
 * Zero-1-to-3's published conditioning (Liu et al. 2023; reference {@code ddpm.py}, {@code
 * cc_projection}): image embedding and pose, side by side, mixed into <em>one</em> token by a
 * linear layer; beside the noisy latent the mode of the condition view's latent, not scaled.
 */
public final class Zero123Conditioner implements Conditioner {
  private final ViewEncoder encoder;
  private final PublishedProjection projection;

  /** Parameters {@code weight} [contextDim, embedding + 4] and {@code bias} of cc_projection. */
  public Zero123Conditioner(Parameters p, ViewEncoder encoder, int contextDim) {
    this.encoder = encoder;
    this.projection = new PublishedProjection(p, encoder.clip().config().outputDim(), contextDim);
  }

  @Override
  public ViewEncoder encoder() {
    return encoder;
  }

  @Override
  public ViewEncoder.Detail detail() {
    return ViewEncoder.Detail.POOLED;
  }

  @Override
  public boolean takesManyViews() {
    return false;
  }

  /** The image embedding [B, E] of views [B, H, W, 3] in [-1, 1]. */
  public Tensor embed(Tensor image) {
    return encoder.embed(image, detail()).reshape(image.shape().dim(0), -1);
  }

  /** The one token [B, 1, contextDim] of image embedding [B, E] and pose [B, 4]. */
  public Context.SingleToken token(Tensor embedding, Tensor pose) {
    Tensor token = projection.forward(embedding, pose);
    return new Context.SingleToken(token.reshape(token.shape().dim(0), 1, token.shape().dim(1)));
  }

  @Override
  public Conditioning condition(ConditionViews views) {
    Tensor latent = views.onlyLatent();
    return new Conditioning(token(views.pooled(), views.moves()), latent);
  }
}
