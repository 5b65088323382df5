package dev.azimuth.diffusion.checkpoint;

import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * What else the reference's state dict holds, beside the parameters that a model is built from and
 * that bear its names.
 *
 * <p>The moving average of the UNet lies under {@code model_ema.}, each name with all its dots
 * removed (reference {@code ldm/modules/ema.py}).
 */
final class StateDict {
  static final String UNET = "model.diffusion_model.";

  private static final String MODEL = "model.";
  private static final String AVERAGE = "model_ema.";

  /** How the moving average is kept, not what it is. */
  private static final Set<String> AVERAGE_STATE =
      Set.of(AVERAGE + "decay", AVERAGE + "num_updates");

  /** Buffers of the reference's {@code DDPM.register_schedule}: they follow from the schedule. */
  private static final Set<String> SCHEDULE =
      Set.of(
          "betas",
          "alphas_cumprod",
          "alphas_cumprod_prev",
          "sqrt_alphas_cumprod",
          "sqrt_one_minus_alphas_cumprod",
          "log_one_minus_alphas_cumprod",
          "sqrt_recip_alphas_cumprod",
          "sqrt_recipm1_alphas_cumprod",
          "posterior_variance",
          "posterior_log_variance_clipped",
          "posterior_mean_coef1",
          "posterior_mean_coef2",
          "lvlb_weights",
          "logvar");

  private static final String CLIP = "cond_stage_model.model.";

  /** CLIP's text side, of which the reference keeps what it didn't delete, and its pixel scale. */
  private static final Set<String> TEXT =
      Set.of(
          CLIP + "token_embedding.weight",
          CLIP + "positional_embedding",
          CLIP + "ln_final.weight",
          CLIP + "ln_final.bias",
          CLIP + "text_projection",
          CLIP + "logit_scale",
          "cond_stage_model.mean",
          "cond_stage_model.std");

  private StateDict() {}

  /** Whether a name is a parameter of the UNet. */
  static boolean isUNet(String name) {
    return name.startsWith(UNET);
  }

  /** Whether a name belongs to the moving average. */
  static boolean isAverage(String name) {
    return name.startsWith(AVERAGE);
  }

  /** Whether any of the names is a parameter of the moving average. */
  static boolean hasAverage(Collection<String> names) {
    return names.stream().anyMatch(name -> isAverage(name) && !AVERAGE_STATE.contains(name));
  }

  /** Where the moving average of a UNet's parameter lies. */
  static String average(String name) {
    return AVERAGE + name.substring(MODEL.length()).replace(".", "");
  }

  /**
   * The names that may stand beside a model's parameters: both sets of the UNet's, of which one is
   * read.
   */
  static Set<String> beside(Collection<String> parameters) {
    Set<String> known = new HashSet<>(AVERAGE_STATE);
    known.addAll(SCHEDULE);
    known.addAll(TEXT);
    for (String name : parameters) {
      if (isUNet(name)) {
        known.add(name);
        known.add(average(name));
      }
    }
    return known;
  }

  /** Whether a name is of a part that trained with the autoencoder or read captions. */
  static boolean isLeftover(String name) {
    return name.startsWith("first_stage_model.loss.") || name.startsWith(CLIP + "transformer.");
  }
}
