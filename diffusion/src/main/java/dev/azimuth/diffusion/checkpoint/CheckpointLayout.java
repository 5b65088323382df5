package dev.azimuth.diffusion.checkpoint;

import java.util.Locale;

/**
 * The layouts that models are stored in; {@code docs/real-weights.md} tells who publishes which.
 */
public enum CheckpointLayout {
  /** A folder with {@code config.json} and {@code model.safetensors}. */
  AZIMUTH,

  /** The reference's state dict in a PyTorch checkpoint. */
  ZERO123_CKPT,

  /** The same names in a safetensors file. */
  SAFETENSORS,

  /** A diffusers folder whose projection is {@code cc_projection}, as the kxic models have it. */
  DIFFUSERS_KXIC,

  /**
   * A diffusers folder whose projection is {@code clip_camera_projection}, as bennyguo's and
   * ashawkey's models have it.
   */
  DIFFUSERS_BENNYGUO;

  /** As a command line spells it: {@code diffusers-kxic}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Whether it is one file of tensors. */
  public boolean isSingleFile() {
    return this == ZERO123_CKPT || this == SAFETENSORS;
  }

  /** Whether it is a folder of diffusers'. */
  public boolean isDiffusers() {
    return this == DIFFUSERS_KXIC || this == DIFFUSERS_BENNYGUO;
  }
}
