package dev.azimuth.nn;

import dev.azimuth.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Multi-head attention of tokens x [B, N, queryDim] on a context [B, M, contextDim] (reference
 * {@code ldm/modules/attention.py}, {@code CrossAttention}).
 *
 * <p><b>The collapse.</b> For M = 1 the softmax runs over one key: softmax(s) = eˢ/eˢ = 1 whatever
 * the score s, so the layer is {@code to_out(to_v(c))}, the same vector at every position. It
 * depends on neither x nor {@code to_q} nor {@code to_k}, whose gradients are exactly zero. {@link
 * Context.SingleToken} computes just that vector, where those gradients are absent; {@link
 * Context.Tokens} attends, and gives the same bits at M = 1.
 */
public final class CrossAttention {
  private final Linear toQ;
  private final Linear toK;
  private final Linear toV;
  private final Linear toOut;
  private final int heads;
  private final double scale;
  private volatile @Nullable Collapsed last;

  /** What a token gave: a synthesis asks again in every step. */
  private record Collapsed(Tensor token, Tensor vector) {}

  /** The sizes of an attention layer. */
  public record Sizes(int queryDim, int contextDim, int heads, int dimHead) {}

  /** Parameters {@code to_q, to_k, to_v} without bias and {@code to_out.0} with one. */
  public CrossAttention(Parameters p, Sizes sizes) {
    int inner = sizes.heads * sizes.dimHead;
    this.toQ = Linear.withoutBias(p.at("to_q"), sizes.queryDim, inner);
    this.toK = Linear.withoutBias(p.at("to_k"), sizes.contextDim, inner);
    this.toV = Linear.withoutBias(p.at("to_v"), sizes.contextDim, inner);
    this.toOut = Linear.of(p.at("to_out").at(0), inner, sizes.queryDim);
    this.heads = sizes.heads;
    this.scale = 1 / Math.sqrt(sizes.dimHead);
  }

  /** The attended x, [B, N, queryDim]. */
  public Tensor forward(Tensor x, Context context) {
    return switch (context) {
      case Context.SingleToken(Tensor c) ->
          collapsed(c).expand(x.shape().dim(0), x.shape().dim(1), x.shape().dim(2));
      case Context.Tokens(Tensor c) -> {
        Tensor q = toQ.forward(x);
        Tensor k = toK.forward(c);
        Tensor v = toV.forward(c);
        yield toOut.forward(q.attention(k, v, heads, scale, false));
      }
    };
  }

  /**
   * What attention on the single token c [B, 1, contextDim] gives at every position: [B, 1, ·].
   * Asked for the same tensor again it gives the same, unless a gradient is to flow through it.
   */
  public Tensor collapsed(Tensor c) {
    Collapsed known = last;
    if (known != null && known.token == c) {
      return known.vector;
    }
    Tensor vector = toOut.forward(toV.forward(c));
    last = vector.history() != null ? null : new Collapsed(c, vector);
    return vector;
  }
}
