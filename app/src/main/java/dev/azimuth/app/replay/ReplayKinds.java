package dev.azimuth.app.replay;

import static java.util.Map.entry;

import java.util.Map;

/** Every kind of record that is replayed here: a line each. */
public final class ReplayKinds {
  private static final Map<String, ReplayKind> KINDS =
      Map.ofEntries(
          entry("randn", OpKinds::randn),
          entry("adamw", OptimizerKinds::adamW),
          entry("ema", OptimizerKinds::ema),
          entry("lr_schedule", OptimizerKinds::lrSchedule),
          entry("linear", OpKinds::linear),
          entry("conv2d", OpKinds::conv2d),
          entry("group_norm", OpKinds::groupNorm),
          entry("layer_norm", OpKinds::layerNorm),
          entry("silu", OpKinds::silu),
          entry("gelu", OpKinds::gelu),
          entry("quick_gelu", OpKinds::quickGelu),
          entry("softmax", OpKinds::softmax),
          entry("scaled_dot_product_attention", OpKinds::scaledDotProductAttention),
          entry("upsample_nearest", OpKinds::upsampleNearest),
          entry("avg_pool2d", OpKinds::avgPool2d),
          entry("embedding", OpKinds::embedding),
          entry("matmul", OpKinds::matmul),
          entry("timestep_embedding", BlockKinds::timestepEmbedding),
          entry("cross_attention", BlockKinds::crossAttention),
          entry("geglu_feed_forward", BlockKinds::gegluFeedForward),
          entry("basic_transformer_block", BlockKinds::basicTransformerBlock),
          entry("spatial_transformer", BlockKinds::spatialTransformer),
          entry("res_block", BlockKinds::resBlock),
          entry("downsample", BlockKinds::downsample),
          entry("upsample", BlockKinds::upsample),
          entry("vae_res_block", BlockKinds::vaeResBlock),
          entry("vae_attention_block", BlockKinds::vaeAttentionBlock),
          entry("vae_encoder", NetworkKinds::vaeEncoder),
          entry("vae_decoder", NetworkKinds::vaeDecoder),
          entry("autoencoder_kl", NetworkKinds::autoencoderKl),
          entry("unet", NetworkKinds::unet),
          entry("camera_projection", NetworkKinds::cameraProjection),
          entry("clip_vision", NetworkKinds::clipVision),
          entry("clip_preprocess", NetworkKinds::clipPreprocess),
          entry("clip_text", NetworkKinds::clipText),
          entry("zero123_condition", ConditionKinds::zero123Condition),
          entry("schedule", DiffusionKinds::scheduleOrSubset),
          entry("q_sample", DiffusionKinds::qSample),
          entry("ddim", DiffusionKinds::ddim),
          entry("training_loss", DiffusionKinds::trainingLoss),
          entry("psnr", MetricKinds::psnr),
          entry("ssim", MetricKinds::ssim),
          entry("clip_tokenize", MetricKinds::clipTokenize),
          entry("clip_score", MetricKinds::clipScore),
          entry("clip_similarity", MetricKinds::clipSimilarity),
          entry("resize", MetricKinds::resize),
          entry("fid", MetricKinds::fid),
          entry("lpips", MetricKinds::lpips),
          entry("inception_fid", MetricKinds::inceptionFid));

  private ReplayKinds() {}

  /**
   * The computation of a record's kind.
   *
   * @throws IllegalArgumentException if the kind is unknown
   */
  public static ReplayKind of(ReplayRecord record) {
    ReplayKind kind = KINDS.get(record.kind());
    if (kind == null) {
      throw new IllegalArgumentException("unknown kind " + record.kind());
    }
    return kind;
  }
}
