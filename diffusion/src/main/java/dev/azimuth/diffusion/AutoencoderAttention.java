package dev.azimuth.diffusion;

import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.GroupNorm;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Tensor;

/**
 * Single-head self-attention over pixels, added to its input (reference {@code model.py}, {@code
 * AttnBlock}).
 */
public final class AutoencoderAttention implements Module {
  private final GroupNorm norm;
  private final Conv2d q;
  private final Conv2d k;
  private final Conv2d v;
  private final Conv2d projOut;

  /** Parameters {@code norm, q, k, v, proj_out}. */
  public AutoencoderAttention(Parameters p, int channels, int groups) {
    this.norm = new GroupNorm(p.at("norm"), groups, channels, AutoencoderResidualBlock.EPS);
    this.q = Conv2d.of(p.at("q"), channels, channels, Window.ONE);
    this.k = Conv2d.of(p.at("k"), channels, channels, Window.ONE);
    this.v = Conv2d.of(p.at("v"), channels, channels, Window.ONE);
    this.projOut = Conv2d.of(p.at("proj_out"), channels, channels, Window.ONE);
  }

  @Override
  public Tensor forward(Tensor x) {
    int n = x.shape().dim(0);
    int pixels = x.shape().dim(1) * x.shape().dim(2);
    int channels = x.shape().dim(3);
    Tensor h = norm.forward(x);
    Tensor query = q.forward(h).reshape(n, pixels, channels);
    Tensor key = k.forward(h).reshape(n, pixels, channels);
    Tensor value = v.forward(h).reshape(n, pixels, channels);
    Tensor out = query.attention(key, value, 1, 1 / Math.sqrt(channels), false);
    return projOut.forward(out.reshape(x.shape().toArray())).add(x);
  }
}
