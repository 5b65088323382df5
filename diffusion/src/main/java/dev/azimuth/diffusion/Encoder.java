package dev.azimuth.diffusion;

import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.Downsample;
import dev.azimuth.nn.GroupNorm;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Image [N, H, W, inChannels] in [-1, 1] to features [N, H/f, W/f, 2·zChannels] (reference {@code
 * model.py}, {@code Encoder}).
 */
public final class Encoder implements Module {
  private final List<Module> body = new ArrayList<>();
  private final GroupNorm normOut;
  private final Conv2d convOut;

  /** Parameters {@code conv_in, down, mid, norm_out, conv_out}. */
  public Encoder(Parameters p, AutoencoderConfig config) {
    int channels = config.ch();
    body.add(Conv2d.of(p.at("conv_in"), config.inChannels(), channels, Window.THREE));
    for (int level = 0; level < config.levels(); level++) {
      Parameters down = p.at("down").at(level);
      for (int j = 0; j < config.numResBlocks(); j++) {
        int out = config.channels(level);
        Parameters block = down.at("block").at(j);
        body.add(new AutoencoderResidualBlock(block, channels, out, config.numGroups()));
        channels = out;
        if (config.hasAttention(level)) {
          Parameters attn = down.at("attn").at(j);
          body.add(new AutoencoderAttention(attn, channels, config.numGroups()));
        }
      }
      if (level < config.levels() - 1) {
        body.add(Downsample.autoencoder(down.at("downsample"), channels, channels));
      }
    }
    addMiddle(body, p.at("mid"), channels, config.numGroups());
    this.normOut =
        new GroupNorm(p.at("norm_out"), config.numGroups(), channels, AutoencoderResidualBlock.EPS);
    this.convOut = Conv2d.of(p.at("conv_out"), channels, 2 * config.zChannels(), Window.THREE);
  }

  /** The middle that encoder and decoder share: {@code block_1, attn_1, block_2}. */
  static void addMiddle(List<Module> body, Parameters p, int channels, int groups) {
    body.add(new AutoencoderResidualBlock(p.at("block_1"), channels, channels, groups));
    body.add(new AutoencoderAttention(p.at("attn_1"), channels, groups));
    body.add(new AutoencoderResidualBlock(p.at("block_2"), channels, channels, groups));
  }

  @Override
  public Tensor forward(Tensor image) {
    Tensor h = image;
    for (Module module : body) {
      h = module.forward(h);
    }
    return convOut.forward(normOut.forwardSilu(h));
  }
}
