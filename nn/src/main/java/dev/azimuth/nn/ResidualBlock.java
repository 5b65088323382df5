package dev.azimuth.nn;

import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.tensor.Tensor;

/**
 * Two normalised convolutions with a time embedding added between them, and a skip connection
 * (reference {@code openaimodel.py}, {@code ResBlock}).
 */
public final class ResidualBlock {
  private static final double EPS = 1e-5;

  private final GroupNorm inNorm;
  private final Conv2d inConv;
  private final Linear embedding;
  private final GroupNorm outNorm;
  private final Conv2d outConv;
  private final Module skip;

  /** The sizes of a block; {@code groups} of its group norms, 32 in the reference. */
  public record Sizes(int channels, int embChannels, int outChannels, int groups) {}

  /** Parameters {@code in_layers.{0,2}, emb_layers.1, out_layers.{0,3}, skip_connection}. */
  public ResidualBlock(Parameters p, Sizes sizes) {
    int in = sizes.channels;
    int out = sizes.outChannels;
    this.inNorm = new GroupNorm(p.at("in_layers").at(0), sizes.groups, in, EPS);
    this.inConv = Conv2d.of(p.at("in_layers").at(2), in, out, Window.THREE);
    this.embedding = Linear.of(p.at("emb_layers").at(1), sizes.embChannels, out);
    this.outNorm = new GroupNorm(p.at("out_layers").at(0), sizes.groups, out, EPS);
    this.outConv = Conv2d.zero(p.at("out_layers").at(3), out, out, Window.THREE);
    this.skip = in == out ? x -> x : Conv2d.of(p.at("skip_connection"), in, out, Window.ONE);
  }

  /** x [N, H, W, C] and emb [N, embChannels] to [N, H, W, outChannels]. */
  public Tensor forward(Tensor x, Tensor emb) {
    Tensor h = inConv.forward(inNorm.forwardSilu(x));
    Tensor shift = embedding.forward(emb.silu());
    h = h.add(shift.reshape(shift.shape().dim(0), 1, 1, shift.shape().dim(1)));
    return skip.forward(x).add(outConv.forward(outNorm.forwardSilu(h)));
  }
}
