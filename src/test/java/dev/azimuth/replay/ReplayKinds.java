package dev.azimuth.replay;

import static java.util.Map.entry;

import java.util.Map;

/** Every kind of record that is replayed here: a line each. */
final class ReplayKinds {
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
          entry("matmul", OpKinds::matmul));

  private ReplayKinds() {}

  /**
   * The computation of a record's kind.
   *
   * @throws IllegalArgumentException if the kind is unknown
   */
  static ReplayKind of(ReplayRecord record) {
    ReplayKind kind = KINDS.get(record.kind());
    if (kind == null) {
      throw new IllegalArgumentException(record.name() + ": unknown kind " + record.kind());
    }
    return kind;
  }
}
