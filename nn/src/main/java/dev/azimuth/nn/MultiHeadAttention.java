package dev.azimuth.nn;

import dev.azimuth.tensor.Tensor;

/**
 * Self-attention of tokens [B, N, width] with one stacked projection, as {@code
 * torch.nn.MultiheadAttention} names it: {@code in_proj_weight} [3·width, width], {@code
 * in_proj_bias}, {@code out_proj}.
 */
public final class MultiHeadAttention implements Module {
  private final Tensor inProjWeight;
  private final Tensor inProjBias;
  private final Linear outProj;
  private final int width;
  private final int heads;
  private final boolean causal;

  /** {@code heads} divides {@code width}; with {@code causal}, token i sees tokens 0..i. */
  public MultiHeadAttention(Parameters p, int width, int heads, boolean causal) {
    double xavier = Math.sqrt(6.0 / (4.0 * width));
    this.inProjWeight =
        p.linear("in_proj_weight", Initialization.uniform(xavier), 3 * width, width);
    this.inProjBias = p.tensor("in_proj_bias", Initialization.zeros(), 3 * width);
    this.outProj = Linear.of(p.at("out_proj"), width, width);
    this.width = width;
    this.heads = heads;
    this.causal = causal;
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor qkv = x.linear(inProjWeight, inProjBias);
    Tensor q = qkv.slice(2, 0, width);
    Tensor k = qkv.slice(2, width, 2 * width);
    Tensor v = qkv.slice(2, 2 * width, 3 * width);
    double scale = 1 / Math.sqrt((double) width / heads);
    return outProj.forward(q.attention(k, v, heads, scale, causal));
  }
}
