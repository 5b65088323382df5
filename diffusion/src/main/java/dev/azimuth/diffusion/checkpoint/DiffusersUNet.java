package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.UNetConfig;

/**
 * The UNet's parameters as diffusers' {@code UNet2DConditionModel} names them: levels and blocks
 * are counted apart there, and on the way up from the deepest level.
 */
final class DiffusersUNet {
  private static final String OURS = "model.diffusion_model.";

  private final Placements placements;
  private final UNetConfig config;
  private final String theirs;
  private final boolean hasLinearProjections;

  /**
   * The names below {@code theirs}.
   *
   * @param hasLinearProjections whether {@code proj_in} and {@code proj_out} are written as linear
   *     layers, {@code use_linear_projection}
   */
  DiffusersUNet(
      Placements placements, UNetConfig config, String theirs, boolean hasLinearProjections) {
    this.placements = placements;
    this.config = config;
    this.theirs = theirs;
    this.hasLinearProjections = hasLinearProjections;
  }

  void place() {
    placements.module(OURS + "time_embed.0", theirs + "time_embedding.linear_1");
    placements.module(OURS + "time_embed.2", theirs + "time_embedding.linear_2");
    placements.module(OURS + "input_blocks.0.0", theirs + "conv_in");
    placeDown();
    residual("middle_block.0", "mid_block.resnets.0");
    transformer("middle_block.1", "mid_block.attentions.0");
    residual("middle_block.2", "mid_block.resnets.1");
    placeUp();
    placements.module(OURS + "out.0", theirs + "conv_norm_out");
    placements.module(OURS + "out.2", theirs + "conv_out");
  }

  private void placeDown() {
    int block = 1;
    for (int level = 0; level < config.levels(); level++) {
      String there = "down_blocks." + level;
      for (int i = 0; i < config.numResBlocks(); i++) {
        String here = "input_blocks." + block++;
        residual(here + ".0", there + ".resnets." + i);
        if (config.hasAttention(level)) {
          transformer(here + ".1", there + ".attentions." + i);
        }
      }
      if (level < config.levels() - 1) {
        String here = OURS + "input_blocks." + block++;
        placements.module(here + ".0.op", theirs + there + ".downsamplers.0.conv");
      }
    }
  }

  private void placeUp() {
    int block = 0;
    for (int level = config.levels() - 1; level >= 0; level--) {
      String there = "up_blocks." + (config.levels() - 1 - level);
      for (int i = 0; i <= config.numResBlocks(); i++) {
        String here = "output_blocks." + block++;
        residual(here + ".0", there + ".resnets." + i);
        int next = 1;
        if (config.hasAttention(level)) {
          transformer(here + "." + next++, there + ".attentions." + i);
        }
        if (level > 0 && i == config.numResBlocks()) {
          String up = OURS + here + "." + next + ".conv";
          placements.module(up, theirs + there + ".upsamplers.0.conv");
        }
      }
    }
  }

  private void residual(String here, String there) {
    String ours = OURS + here + ".";
    String block = theirs + there + ".";
    placements.module(ours + "in_layers.0", block + "norm1");
    placements.module(ours + "in_layers.2", block + "conv1");
    placements.module(ours + "emb_layers.1", block + "time_emb_proj");
    placements.module(ours + "out_layers.0", block + "norm2");
    placements.module(ours + "out_layers.3", block + "conv2");
    placements.module(ours + "skip_connection", block + "conv_shortcut");
  }

  private void transformer(String here, String there) {
    String ours = OURS + here + ".";
    String module = theirs + there + ".";
    placements.module(ours + "norm", module + "norm");
    projection(ours + "proj_in", module + "proj_in");
    for (int depth = 0; depth < config.transformerDepth(); depth++) {
      String block = "transformer_blocks." + depth + ".";
      for (String attention : new String[] {"attn1.", "attn2."}) {
        for (String layer : new String[] {"to_q", "to_k", "to_v", "to_out.0"}) {
          String name = block + attention + layer;
          placements.module(ours + name, module + name);
        }
      }
      for (String layer : new String[] {"ff.net.0.proj", "ff.net.2", "norm1", "norm2", "norm3"}) {
        placements.module(ours + block + layer, module + block + layer);
      }
    }
    projection(ours + "proj_out", module + "proj_out");
  }

  private void projection(String ours, String there) {
    if (hasLinearProjections) {
      placements.linear(ours, there);
    } else {
      placements.module(ours, there);
    }
  }
}
