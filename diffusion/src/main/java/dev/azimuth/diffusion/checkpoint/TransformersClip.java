package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.ClipVisionConfig;
import java.util.List;
import java.util.stream.Stream;

/**
 * The image encoder's parameters as transformers' {@code CLIPVisionModelWithProjection} names them:
 * queries, keys and values apart, the projection transposed.
 */
final class TransformersClip {
  private static final String OURS = "cond_stage_model.model.visual.";

  private TransformersClip() {}

  /** The names below {@code theirs}. */
  static void place(Placements placements, ClipVisionConfig config, String theirs) {
    String tower = theirs + "vision_model.";
    placements.same(OURS + "class_embedding", tower + "embeddings.class_embedding");
    placements.module(OURS + "conv1", tower + "embeddings.patch_embedding");
    placements.same(OURS + "positional_embedding", tower + "embeddings.position_embedding.weight");
    placements.module(OURS + "ln_pre", tower + "pre_layrnorm"); // so spelled there
    for (int layer = 0; layer < config.layers(); layer++) {
      String ours = OURS + "transformer.resblocks." + layer + ".";
      String block = tower + "encoder.layers." + layer + ".";
      for (String part : List.of("weight", "bias")) {
        placements.stacked(
            ours + "attn.in_proj_" + part,
            Stream.of("q", "k", "v").map(x -> block + "self_attn." + x + "_proj." + part).toList());
      }
      placements.module(ours + "attn.out_proj", block + "self_attn.out_proj");
      placements.module(ours + "ln_1", block + "layer_norm1");
      placements.module(ours + "ln_2", block + "layer_norm2");
      placements.module(ours + "mlp.c_fc", block + "mlp.fc1");
      placements.module(ours + "mlp.c_proj", block + "mlp.fc2");
    }
    placements.module(OURS + "ln_post", tower + "post_layernorm");
    placements.transposed(OURS + "proj", theirs + "visual_projection.weight");
  }

  /** Whether a name below {@code theirs} is a buffer that older files hold: 0, 1, 2, ... */
  static boolean isBuffer(String name, String theirs) {
    return name.equals(theirs + "vision_model.embeddings.position_ids");
  }
}
