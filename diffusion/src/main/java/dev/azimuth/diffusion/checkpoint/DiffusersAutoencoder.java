package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.AutoencoderConfig;

/**
 * The autoencoder's parameters as diffusers' {@code AutoencoderKL} names them. Its attention had
 * other names until diffusers 0.17, which files of that time still bear.
 */
final class DiffusersAutoencoder {
  /** How the layers of an attention are called: queries, keys, values, output. */
  enum AttentionNames {
    NEW("to_q", "to_k", "to_v", "to_out.0"),
    OLD("query", "key", "value", "proj_attn");

    private final String q;
    private final String k;
    private final String v;
    private final String out;

    AttentionNames(String q, String k, String v, String out) {
      this.q = q;
      this.k = k;
      this.v = v;
      this.out = out;
    }

    /** A name that only these files have, below the autoencoder's. */
    String sign() {
      return "decoder.mid_block.attentions.0." + q + ".weight";
    }
  }

  private static final String OURS = "first_stage_model.";

  private final Placements placements;
  private final AutoencoderConfig config;
  private final String theirs;
  private final AttentionNames names;

  /** The names below {@code theirs}. */
  DiffusersAutoencoder(
      Placements placements, AutoencoderConfig config, String theirs, AttentionNames names) {
    this.placements = placements;
    this.config = config;
    this.theirs = theirs;
    this.names = names;
  }

  void place() {
    placeEncoder();
    placeDecoder();
    placements.module(OURS + "quant_conv", theirs + "quant_conv");
    placements.module(OURS + "post_quant_conv", theirs + "post_quant_conv");
  }

  private void placeEncoder() {
    placeEnds("encoder.");
    for (int level = 0; level < config.levels(); level++) {
      String here = "encoder.down." + level;
      String there = "encoder.down_blocks." + level;
      placeBlocks(here, there, level, config.numResBlocks());
      if (level < config.levels() - 1) {
        placements.module(
            OURS + here + ".downsample.conv", theirs + there + ".downsamplers.0.conv");
      }
    }
  }

  private void placeDecoder() {
    placeEnds("decoder.");
    for (int level = 0; level < config.levels(); level++) {
      String here = "decoder.up." + level;
      String there = "decoder.up_blocks." + (config.levels() - 1 - level);
      placeBlocks(here, there, level, config.numResBlocks() + 1);
      if (level > 0) {
        placements.module(OURS + here + ".upsample.conv", theirs + there + ".upsamplers.0.conv");
      }
    }
  }

  private void placeEnds(String half) {
    placements.module(OURS + half + "conv_in", theirs + half + "conv_in");
    residual(half + "mid.block_1", half + "mid_block.resnets.0");
    attention(half + "mid.attn_1", half + "mid_block.attentions.0");
    residual(half + "mid.block_2", half + "mid_block.resnets.1");
    placements.module(OURS + half + "norm_out", theirs + half + "conv_norm_out");
    placements.module(OURS + half + "conv_out", theirs + half + "conv_out");
  }

  private void placeBlocks(String here, String there, int level, int blocks) {
    for (int i = 0; i < blocks; i++) {
      residual(here + ".block." + i, there + ".resnets." + i);
      if (config.hasAttention(level)) {
        attention(here + ".attn." + i, there + ".attentions." + i);
      }
    }
  }

  private void residual(String here, String there) {
    for (String layer : new String[] {"norm1", "conv1", "norm2", "conv2"}) {
      placements.module(OURS + here + "." + layer, theirs + there + "." + layer);
    }
    placements.module(OURS + here + ".nin_shortcut", theirs + there + ".conv_shortcut");
  }

  private void attention(String here, String there) {
    String ours = OURS + here + ".";
    String block = theirs + there + ".";
    placements.module(ours + "norm", block + "group_norm");
    placements.linear(ours + "q", block + names.q);
    placements.linear(ours + "k", block + names.k);
    placements.linear(ours + "v", block + names.v);
    placements.linear(ours + "proj_out", block + names.out);
  }
}
