package dev.azimuth.diffusion;

import dev.azimuth.nn.Context;
import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.Downsample;
import dev.azimuth.nn.GroupNorm;
import dev.azimuth.nn.Linear;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.ResidualBlock;
import dev.azimuth.nn.SpatialTransformer;
import dev.azimuth.nn.TimestepEmbedding;
import dev.azimuth.nn.Upsample;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The noise-prediction network of latent diffusion (Rombach et al. 2022; reference {@code
 * openaimodel.py}, {@code UNetModel} with {@code use_spatial_transformer}).
 */
public final class UNet {
  private final UNetConfig config;
  private final TimestepEmbedding timestepEmbedding;
  private final Linear timeEmbed0;
  private final Linear timeEmbed2;
  private final List<List<Stage>> inputBlocks = new ArrayList<>();
  private final List<Stage> middleBlock;
  private final List<List<Stage>> outputBlocks = new ArrayList<>();
  private final GroupNorm outNorm;
  private final Conv2d outConv;

  /** One part of a block, whatever of emb and context it uses. */
  @FunctionalInterface
  private interface Stage {
    Tensor forward(Tensor h, Tensor emb, Context context);
  }

  /** Parameters {@code time_embed, input_blocks, middle_block, output_blocks, out}. */
  public UNet(Parameters p, UNetConfig config) {
    this.config = config;
    int channels = config.modelChannels();
    this.timestepEmbedding = TimestepEmbedding.of(channels);
    this.timeEmbed0 = Linear.of(p.at("time_embed").at(0), channels, config.embChannels());
    this.timeEmbed2 =
        Linear.of(p.at("time_embed").at(2), config.embChannels(), config.embChannels());
    Deque<Integer> skips = new ArrayDeque<>();
    int last = addInputBlocks(p.at("input_blocks"), skips);
    Parameters middle = p.at("middle_block");
    this.middleBlock =
        List.of(
            residual(middle.at(0), last, last),
            transformer(middle.at(1), last),
            residual(middle.at(2), last, last));
    int end = addOutputBlocks(p.at("output_blocks"), skips, last);
    this.outNorm = new GroupNorm(p.at("out").at(0), config.numGroups(), end, 1e-5);
    this.outConv = Conv2d.zero(p.at("out").at(2), end, config.outChannels(), Window.THREE);
  }

  private int addInputBlocks(Parameters p, Deque<Integer> skips) {
    int channels = config.modelChannels();
    Conv2d first = Conv2d.of(p.at(0).at(0), config.inChannels(), channels, Window.THREE);
    inputBlocks.add(List.of((h, _, _) -> first.forward(h)));
    skips.push(channels);
    for (int level = 0; level < config.levels(); level++) {
      for (int i = 0; i < config.numResBlocks(); i++) {
        Parameters block = p.at(inputBlocks.size());
        List<Stage> stages = new ArrayList<>();
        stages.add(residual(block.at(0), channels, config.channels(level)));
        channels = config.channels(level);
        if (config.hasAttention(level)) {
          stages.add(transformer(block.at(1), channels));
        }
        inputBlocks.add(stages);
        skips.push(channels);
      }
      if (level < config.levels() - 1) {
        Parameters block = p.at(inputBlocks.size());
        Downsample down = Downsample.unet(block.at(0), channels, channels);
        inputBlocks.add(List.of((h, _, _) -> down.forward(h)));
        skips.push(channels);
      }
    }
    return channels;
  }

  private int addOutputBlocks(Parameters p, Deque<Integer> skips, int channels) {
    for (int level = config.levels() - 1; level >= 0; level--) {
      for (int i = 0; i <= config.numResBlocks(); i++) {
        Parameters block = p.at(outputBlocks.size());
        List<Stage> stages = new ArrayList<>();
        stages.add(residual(block.at(0), channels + skips.pop(), config.channels(level)));
        channels = config.channels(level);
        if (config.hasAttention(level)) {
          stages.add(transformer(block.at(1), channels));
        }
        if (level > 0 && i == config.numResBlocks()) {
          Upsample up = new Upsample(block.at(stages.size()), channels, channels);
          stages.add((h, _, _) -> up.forward(h));
        }
        outputBlocks.add(stages);
      }
    }
    return channels;
  }

  private Stage residual(Parameters p, int in, int out) {
    ResidualBlock block =
        new ResidualBlock(
            p, new ResidualBlock.Sizes(in, config.embChannels(), out, config.numGroups()));
    return (h, emb, _) -> block.forward(h, emb);
  }

  private Stage transformer(Parameters p, int channels) {
    SpatialTransformer transformer =
        new SpatialTransformer(
            p,
            new SpatialTransformer.Sizes(
                channels,
                config.numHeads(),
                channels / config.numHeads(),
                config.transformerDepth(),
                config.contextDim(),
                config.numGroups()));
    return (h, _, context) -> transformer.forward(h, context);
  }

  /** The configuration it was built from. */
  public UNetConfig config() {
    return config;
  }

  /**
   * The predicted noise.
   *
   * @param x [N, H, W, inChannels]: noisy latent, then condition latent
   * @param timesteps one per sample
   * @param context tokens [N, M, contextDim]
   * @return [N, H, W, outChannels]
   */
  public Tensor forward(Tensor x, long[] timesteps, Context context) {
    Check.shape("unet", "x", x, timesteps.length, -1, -1, config.inChannels());
    Check.shape("unet", "context", context.tokens(), timesteps.length, -1, config.contextDim());
    Tensor sinusoids = timestepEmbedding.forward(x.backend(), x.dtype(), timesteps);
    Tensor emb = timeEmbed2.forward(timeEmbed0.forward(sinusoids).silu());
    Deque<Tensor> skips = new ArrayDeque<>();
    Tensor h = x;
    for (List<Stage> block : inputBlocks) {
      h = forward(block, h, emb, context);
      skips.push(h);
    }
    h = forward(middleBlock, h, emb, context);
    for (List<Stage> block : outputBlocks) {
      h = forward(block, Tensor.concat(3, h, skips.pop()), emb, context);
    }
    return outConv.forward(outNorm.forwardSilu(h));
  }

  private static Tensor forward(List<Stage> stages, Tensor h, Tensor emb, Context context) {
    for (Stage stage : stages) {
      h = stage.forward(h, emb, context);
    }
    return h;
  }
}
