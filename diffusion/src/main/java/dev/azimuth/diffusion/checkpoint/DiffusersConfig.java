package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.AutoencoderConfig;
import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipVisionConfig;
import dev.azimuth.diffusion.ConditionerConfig;
import dev.azimuth.diffusion.DdimSchedule;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.diffusion.PredictionType;
import dev.azimuth.diffusion.Sampling;
import dev.azimuth.diffusion.UNetConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A model's configuration from the {@code config.json} of each part of a diffusers folder. What our
 * networks can't be is refused by the field that says it.
 */
final class DiffusersConfig {
  /** What Zero-1-to-3 was trained at; files that say more give diffusers' own default. */
  private static final int LARGEST_IMAGE = 256;

  /** 50 steps without noise: what diffusers' pipelines do, at the reference's guidance. */
  static final Sampling SAMPLING = new Sampling(DdimSchedule.Rule.DIFFUSERS, 50, 3, 0);

  private final JsonFields unet;
  private final JsonFields vae;
  private final JsonFields clip;
  private final JsonFields scheduler;

  /** Whether the UNet's {@code proj_in} and {@code proj_out} are linear layers. */
  private final boolean hasLinearProjections;

  DiffusersConfig(Path folder) throws IOException {
    this.unet = JsonFields.read(folder.resolve("unet").resolve("config.json"));
    this.vae = JsonFields.read(folder.resolve("vae").resolve("config.json"));
    this.clip = JsonFields.read(folder.resolve("image_encoder").resolve("config.json"));
    this.scheduler = JsonFields.read(folder.resolve("scheduler").resolve("scheduler_config.json"));
    this.hasLinearProjections = unet.flag("use_linear_projection", false);
  }

  boolean hasLinearProjections() {
    return hasLinearProjections;
  }

  /** The whole model's. */
  ModelConfig model(ClipPreprocess.Resizing resizing) throws IOException {
    AutoencoderConfig autoencoder = autoencoder();
    int image = unet.integer("sample_size", LARGEST_IMAGE) * autoencoder.downsampling();
    try {
      return new ModelConfig(
          new ConditionerConfig.Zero123(),
          Math.min(image, LARGEST_IMAGE),
          vae.number("scaling_factor", 0.18215),
          schedule(),
          prediction(),
          unet(),
          autoencoder,
          clip(),
          resizing,
          PoseEncoding.ZERO123,
          SAMPLING,
          null);
    } catch (IllegalArgumentException e) {
      throw unet.refuse(e);
    }
  }

  private UNetConfig unet() throws IOException {
    unet.require("act_fn", unet.text("act_fn", "silu"), "silu");
    unet.require("flip_sin_to_cos", "" + unet.flag("flip_sin_to_cos", true), "true");
    unet.require("freq_shift", "" + unet.integer("freq_shift", 0), "0");
    unet.require("norm_eps", "" + unet.number("norm_eps", 1e-5), "1.0E-5");
    unet.require(
        "resnet_time_scale_shift", unet.text("resnet_time_scale_shift", "default"), "default");
    unet.require("only_cross_attention", "" + unet.flag("only_cross_attention", false), "false");
    List<String> blocks = unet.texts("down_block_types");
    List<Integer> attention = new ArrayList<>();
    for (int level = 0; level < blocks.size(); level++) {
      if (isAttentive(
          unet, "down_block_types", blocks.get(level), "CrossAttnDownBlock2D", "DownBlock2D")) {
        attention.add(1 << level);
      }
    }
    List<Integer> channels = unet.integers("block_out_channels");
    // what diffusers calls the heads' width is their number, for these models
    int heads = unet.same("num_attention_heads", unet.same("attention_head_dim", 8));
    try {
      return new UNetConfig(
          unet.integer("in_channels"),
          unet.integer("out_channels"),
          channels.isEmpty() ? 0 : channels.get(0),
          unet.same("layers_per_block", 2),
          attention,
          multipliers(unet, channels),
          heads,
          unet.same("transformer_layers_per_block", 1),
          unet.same("cross_attention_dim", 0),
          unet.integer("norm_num_groups", 32));
    } catch (IllegalArgumentException e) {
      throw unet.refuse(e);
    }
  }

  private AutoencoderConfig autoencoder() throws IOException {
    vae.require("act_fn", vae.text("act_fn", "silu"), "silu");
    List<Integer> channels = vae.integers("block_out_channels");
    List<String> blocks = vae.texts("down_block_types");
    int resolution = vae.integer("sample_size", LARGEST_IMAGE);
    List<Integer> attention = new ArrayList<>();
    for (int level = 0; level < blocks.size(); level++) {
      if (isAttentive(
          vae,
          "down_block_types",
          blocks.get(level),
          "AttnDownEncoderBlock2D",
          "DownEncoderBlock2D")) {
        attention.add(resolution >> level);
      }
    }
    int latent = vae.integer("latent_channels");
    try {
      return new AutoencoderConfig(
          channels.isEmpty() ? 0 : channels.get(0),
          multipliers(vae, channels),
          vae.integer("layers_per_block"),
          attention,
          vae.integer("in_channels"),
          vae.integer("out_channels"),
          latent,
          resolution,
          latent,
          vae.integer("norm_num_groups", 32));
    } catch (IllegalArgumentException e) {
      throw vae.refuse(e);
    }
  }

  private ClipVisionConfig clip() throws IOException {
    int width = clip.integer("hidden_size");
    clip.require("hidden_act", clip.text("hidden_act", "quick_gelu"), "quick_gelu");
    clip.require(
        "intermediate_size", "" + clip.integer("intermediate_size", 4 * width), "" + 4 * width);
    try {
      return new ClipVisionConfig(
          clip.integer("image_size"),
          clip.integer("patch_size"),
          width,
          clip.integer("num_hidden_layers"),
          clip.integer("num_attention_heads"),
          clip.integer("projection_dim"));
    } catch (IllegalArgumentException e) {
      throw clip.refuse(e);
    }
  }

  private NoiseSchedule.Config schedule() throws IOException {
    scheduler.require("beta_schedule", scheduler.text("beta_schedule", "linear"), "scaled_linear");
    try {
      return new NoiseSchedule.Config(
          scheduler.integer("num_train_timesteps", 1000),
          scheduler.number("beta_start", 0),
          scheduler.number("beta_end", 0));
    } catch (IllegalArgumentException e) {
      throw scheduler.refuse(e);
    }
  }

  private PredictionType prediction() throws IOException {
    return switch (scheduler.text("prediction_type", "epsilon")) {
      case "epsilon" -> PredictionType.EPSILON;
      case "v_prediction" -> PredictionType.V_PREDICTION;
      case String other ->
          throw scheduler.refuse(
              "prediction_type", "epsilon or v_prediction was expected, not " + other);
    };
  }

  private static boolean isAttentive(
      JsonFields fields, String key, String block, String attentive, String plain)
      throws IOException {
    if (!block.equals(attentive) && !block.equals(plain)) {
      throw fields.refuse(
          key, "only " + attentive + " and " + plain + " are built here, not " + block);
    }
    return block.equals(attentive);
  }

  private static List<Integer> multipliers(JsonFields fields, List<Integer> channels)
      throws IOException {
    List<Integer> multipliers = new ArrayList<>();
    for (int level : channels) {
      int first = channels.get(0);
      if (first < 1 || level % first != 0) {
        throw fields.refuse(
            "block_out_channels", "must be multiples of the first, not " + channels);
      }
      multipliers.add(level / first);
    }
    return multipliers;
  }
}
