package dev.azimuth.nn;

import dev.azimuth.tensor.Tensor;

/**
 * Self-attention, cross-attention and feed-forward, each after a layer norm and added to its input
 * (reference {@code ldm/modules/attention.py}, {@code BasicTransformerBlock}).
 */
public final class BasicTransformerBlock {
  private final CrossAttention attn1;
  private final CrossAttention attn2;
  private final GegluFeedForward ff;
  private final LayerNorm norm1;
  private final LayerNorm norm2;
  private final LayerNorm norm3;

  /**
   * Tokens of width {@code sizes.queryDim} that attend to a context of {@code sizes.contextDim}.
   */
  public BasicTransformerBlock(Parameters p, CrossAttention.Sizes sizes) {
    int dim = sizes.queryDim();
    this.attn1 =
        new CrossAttention(
            p.at("attn1"), new CrossAttention.Sizes(dim, dim, sizes.heads(), sizes.dimHead()));
    this.ff = new GegluFeedForward(p.at("ff"), dim, dim, 4);
    this.attn2 = new CrossAttention(p.at("attn2"), sizes);
    this.norm1 = new LayerNorm(p.at("norm1"), dim);
    this.norm2 = new LayerNorm(p.at("norm2"), dim);
    this.norm3 = new LayerNorm(p.at("norm3"), dim);
  }

  /** Tokens x [B, N, dim] to the same shape. */
  public Tensor forward(Tensor x, Context context) {
    Tensor normed = norm1.forward(x);
    Tensor h = attn1.forward(normed, new Context.Tokens(normed)).add(x);
    h = crossAttended(h, context).add(h);
    return ff.forward(norm3.forward(h)).add(h);
  }

  private Tensor crossAttended(Tensor h, Context context) {
    return switch (context) {
      // norm2 feeds only the queries, which do nothing here; the sum broadcasts over positions
      case Context.SingleToken(Tensor c) -> attn2.collapsed(c);
      case Context.Tokens tokens -> attn2.forward(norm2.forward(h), tokens);
    };
  }
}
