package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.AutoencoderConfig;
import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipVisionConfig;
import dev.azimuth.diffusion.ConditionerConfig;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.diffusion.PredictionType;
import dev.azimuth.diffusion.Sampling;
import dev.azimuth.diffusion.UNetConfig;
import dev.azimuth.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A model's configuration from the shapes of its parameters, for state dicts that come without one.
 *
 * <p>Shapes don't tell the number of heads, the groups of the norms, the pictures' size, the
 * latent's scale and what is predicted: for these the published values stand, 8 (for CLIP width /
 * 64), 32, 256, 0.18215 and the noise.
 */
final class InferredConfig {
  private static final int HEADS = 8;
  private static final int CLIP_HEAD = 64;
  private static final int GROUPS = 32;
  private static final int IMAGE = 256;
  private static final double SCALE = 0.18215;

  /** What is taken as published, for whoever has another model. */
  static final String ASSUMED =
      "%d heads, norms in %d groups, pictures of %d and a latent scale of %s are taken as published"
          .formatted(HEADS, GROUPS, IMAGE, SCALE);

  private static final String VAE = "first_stage_model.";
  private static final String CLIP = "cond_stage_model.model.visual.";

  private final Map<String, Shape> shapes;

  private InferredConfig(Map<String, Shape> shapes) {
    this.shapes = shapes;
  }

  /**
   * The configuration of a state dict with these names and shapes.
   *
   * @throws IllegalArgumentException naming what is missing or can't be
   */
  static ModelConfig of(Map<String, Shape> shapes, NoiseSchedule.Config schedule) {
    InferredConfig inferred = new InferredConfig(shapes);
    return new ModelConfig(
        new ConditionerConfig.Zero123(),
        IMAGE,
        SCALE,
        schedule,
        PredictionType.EPSILON,
        inferred.unet(),
        inferred.autoencoder(),
        clip(shapes, CLIP),
        ClipPreprocess.Resizing.REFERENCE,
        PoseEncoding.ZERO123,
        Sampling.REFERENCE,
        null);
  }

  private UNetConfig unet() {
    String unet = StateDict.UNET;
    int channels = dim(unet + "time_embed.0.weight", 1);
    List<Integer> multipliers = new ArrayList<>();
    List<Integer> attention = new ArrayList<>();
    int level = 0;
    int blocks = 0;
    for (int n = 1; has(unet + "input_blocks." + n + ".0."); n++) {
      String block = unet + "input_blocks." + n + ".";
      if (shapes.containsKey(block + "0.op.weight")) {
        level++;
        continue;
      }
      if (multipliers.size() == level) {
        multipliers.add(ratio(block + "0.out_layers.3.weight", channels));
      }
      blocks += level == 0 ? 1 : 0;
      if (has(block + "1.norm.") && !attention.contains(1 << level)) {
        attention.add(1 << level);
      }
    }
    String middle = unet + "middle_block.1.transformer_blocks.";
    return new UNetConfig(
        dim(unet + "input_blocks.0.0.weight", 1),
        dim(unet + "out.2.weight", 0),
        channels,
        blocks,
        attention,
        multipliers,
        HEADS,
        count(middle),
        dim(middle + "0.attn2.to_k.weight", 1),
        GROUPS);
  }

  private AutoencoderConfig autoencoder() {
    String down = VAE + "encoder.down.";
    int ch = dim(VAE + "encoder.conv_in.weight", 0);
    int levels = count(down);
    List<Integer> multipliers = new ArrayList<>();
    List<Integer> attention = new ArrayList<>();
    for (int level = 0; level < levels; level++) {
      multipliers.add(ratio(down + level + ".block.0.conv2.weight", ch));
      if (has(down + level + ".attn.0.")) {
        attention.add(IMAGE >> level);
      }
    }
    return new AutoencoderConfig(
        ch,
        multipliers,
        count(down + "0.block."),
        attention,
        dim(VAE + "encoder.conv_in.weight", 1),
        dim(VAE + "decoder.conv_out.weight", 0),
        dim(VAE + "decoder.conv_in.weight", 1),
        IMAGE,
        dim(VAE + "post_quant_conv.weight", 1),
        GROUPS);
  }

  /**
   * The sizes of CLIP's image tower whose parameters' names begin with {@code prefix}.
   *
   * @throws IllegalArgumentException naming what is missing or can't be
   */
  static ClipVisionConfig clip(Map<String, Shape> shapes, String prefix) {
    InferredConfig tower = new InferredConfig(shapes);
    int width = tower.dim(prefix + "conv1.weight", 0);
    int patch = tower.dim(prefix + "conv1.weight", 2);
    int side = (int) Math.round(Math.sqrt(tower.dim(prefix + "positional_embedding", 0) - 1));
    return new ClipVisionConfig(
        side * patch,
        patch,
        width,
        tower.count(prefix + "transformer.resblocks."),
        Math.max(1, width / CLIP_HEAD),
        tower.dim(prefix + "proj", 1));
  }

  private boolean has(String prefix) {
    return shapes.keySet().stream().anyMatch(name -> name.startsWith(prefix));
  }

  /** How many of prefix0., prefix1., ... there are. */
  private int count(String prefix) {
    int count = 0;
    while (has(prefix + count + ".")) {
      count++;
    }
    return count;
  }

  private int ratio(String name, int channels) {
    return dim(name, 0) / channels; // what doesn't divide is found misshapen
  }

  private int dim(String name, int axis) {
    Shape shape = shapes.get(name);
    if (shape == null || shape.rank() <= axis) {
      throw new IllegalArgumentException("sizes can't be told without " + name);
    }
    if (shape.dim(axis) < 1) {
      throw new IllegalArgumentException(name + " has no elements: " + shape);
    }
    return shape.dim(axis);
  }
}
