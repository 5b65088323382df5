package dev.azimuth.diffusion;

import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.GroupNorm;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Tensor;

/**
 * Two normalised convolutions and a skip connection, without time (reference {@code
 * diffusionmodules/model.py}, {@code ResnetBlock}).
 */
public final class AutoencoderResidualBlock implements Module {
  static final double EPS = 1e-6;

  private final GroupNorm norm1;
  private final Conv2d conv1;
  private final GroupNorm norm2;
  private final Conv2d conv2;
  private final Module shortcut;

  /** Parameters {@code norm1, conv1, norm2, conv2, nin_shortcut}. */
  public AutoencoderResidualBlock(Parameters p, int in, int out, int groups) {
    this.norm1 = new GroupNorm(p.at("norm1"), groups, in, EPS);
    this.conv1 = Conv2d.of(p.at("conv1"), in, out, Window.THREE);
    this.norm2 = new GroupNorm(p.at("norm2"), groups, out, EPS);
    this.conv2 = Conv2d.of(p.at("conv2"), out, out, Window.THREE);
    this.shortcut = in == out ? x -> x : Conv2d.of(p.at("nin_shortcut"), in, out, Window.ONE);
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor h = conv1.forward(norm1.forwardSilu(x));
    return shortcut.forward(x).add(conv2.forward(norm2.forwardSilu(h)));
  }
}
