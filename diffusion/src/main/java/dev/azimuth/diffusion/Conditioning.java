package dev.azimuth.diffusion;

import dev.azimuth.nn.Context;
import dev.azimuth.tensor.Tensor;

/**
 * What the UNet is told besides noise and time.
 *
 * @param context what cross-attention looks at, tokens [B, M, D]
 * @param concat the condition view's latent [B, h, w, z], put beside the noisy one
 */
public record Conditioning(Context context, Tensor concat) {
  /**
   * The reference's unconditional branch at inference: context and latent all zero (the context
   * after its projection, {@code ddpm.py} and {@code gradio_new.py}, {@code sample_model}).
   */
  public Conditioning unconditional() {
    Context none =
        switch (context) {
          case Context.SingleToken(Tensor c) -> new Context.SingleToken(c.mul(0));
          case Context.Tokens(Tensor c) -> new Context.Tokens(c.mul(0));
        };
    return new Conditioning(none, concat.mul(0));
  }

  /** Both one after another along the batch, so that one network call serves two branches. */
  public Conditioning followedBy(Conditioning other) {
    Tensor tokens = Tensor.concat(0, context.tokens(), other.context.tokens());
    Context both =
        switch (context) {
          case Context.SingleToken _ -> new Context.SingleToken(tokens);
          case Context.Tokens _ -> new Context.Tokens(tokens);
        };
    return new Conditioning(both, Tensor.concat(0, concat, other.concat));
  }
}
