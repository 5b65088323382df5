package dev.azimuth.diffusion;

import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.GroupNorm;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.Upsample;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Latent [N, h, w, zChannels] to image [N, h·f, w·f, outCh], not clamped (reference {@code
 * model.py}, {@code Decoder}).
 */
public final class Decoder implements Module {
  private final List<Module> body = new ArrayList<>();
  private final GroupNorm normOut;
  private final Conv2d convOut;

  /** Parameters {@code conv_in, mid, up, norm_out, conv_out}. */
  public Decoder(Parameters p, AutoencoderConfig config) {
    int channels = config.channels(config.levels() - 1);
    body.add(Conv2d.of(p.at("conv_in"), config.zChannels(), channels, Window.THREE));
    Encoder.addMiddle(body, p.at("mid"), channels, config.numGroups());
    for (int level = config.levels() - 1; level >= 0; level--) {
      Parameters up = p.at("up").at(level);
      for (int j = 0; j <= config.numResBlocks(); j++) {
        int out = config.channels(level);
        Parameters block = up.at("block").at(j);
        body.add(new AutoencoderResidualBlock(block, channels, out, config.numGroups()));
        channels = out;
        if (config.hasAttention(level)) {
          Parameters attn = up.at("attn").at(j);
          body.add(new AutoencoderAttention(attn, channels, config.numGroups()));
        }
      }
      if (level > 0) {
        body.add(new Upsample(up.at("upsample"), channels, channels));
      }
    }
    this.normOut =
        new GroupNorm(p.at("norm_out"), config.numGroups(), channels, AutoencoderResidualBlock.EPS);
    this.convOut = Conv2d.of(p.at("conv_out"), channels, config.outCh(), Window.THREE);
  }

  @Override
  public Tensor forward(Tensor z) {
    Tensor h = z;
    for (Module module : body) {
      h = module.forward(h);
    }
    return convOut.forward(normOut.forwardSilu(h));
  }
}
