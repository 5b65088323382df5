package dev.azimuth.app;

import dev.azimuth.diffusion.ConditionerConfig;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.training.TrainingConfig;
import dev.azimuth.diffusion.training.ViewRange;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A study: what {@code azimuth study --config} reads.
 *
 * @param training the frozen stages that all variants share, and how each variant's noise
 *     prediction is trained
 * @param seeds each variant is trained from each of them
 * @param variants what is compared; the first is what the others are compared with
 * @param evaluation on which views
 */
record StudyConfig(
    TrainingConfig training, List<Long> seeds, List<Variant> variants, Evaluation evaluation) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

  /**
   * One thing compared.
   *
   * @param name also its folder's
   * @param conditioner how views and moves become tokens
   * @param contextDim width of the tokens; the training's if absent
   * @param conditionViews how many views it is trained with; one if absent
   * @param views how many it is given in the evaluation, each number a row of the tables
   * @param control the variant that would do as well if the claim behind this one were wrong; this
   *     one is compared with it too
   */
  record Variant(
      String name,
      ConditionerConfig conditioner,
      @Nullable Integer contextDim,
      @Nullable ViewRange conditionViews,
      List<Integer> views,
      @Nullable String control) {
    /** Throws {@link IllegalArgumentException} naming what can't be. */
    Variant {
      if (name == null || !NAME.matcher(name).matches()) {
        throw new IllegalArgumentException(
            "variants: a name is small letters, digits and hyphens, not " + name);
      }
      if (conditioner == null) {
        throw new IllegalArgumentException("variants: " + name + " has no conditioner");
      }
      views = views == null ? List.of(1) : List.copyOf(views);
      for (int count : views) {
        if (count < 1) {
          throw new IllegalArgumentException(
              "variants: views of " + name + " must be 1 or more, not " + count);
        }
      }
    }
  }

  /**
   * On which views the variants are evaluated.
   *
   * @param seed of the choice of views and of the samples' noise
   * @param objects at most so many test objects
   * @param perBin new views of each object in front, to the side and behind
   * @param leastAngle between every condition view and the new one, degrees: near copies would make
   *     several views look better than they are
   * @param pictured objects on the sheet of pictures
   */
  record Evaluation(long seed, int objects, int perBin, double leastAngle, int pictured) {
    /** Throws {@link IllegalArgumentException} naming what can't be. */
    Evaluation {
      if (objects < 1 || perBin < 1) {
        throw new IllegalArgumentException(
            "evaluation: objects and per_bin must be 1 or more, not " + objects + ", " + perBin);
      }
      if (!(leastAngle >= 0 && leastAngle < 60)) {
        throw new IllegalArgumentException(
            "evaluation: least_angle must be from 0 to below 60, not " + leastAngle);
      }
      if (pictured < 0) {
        throw new IllegalArgumentException(
            "evaluation: pictured must be 0 or more, not " + pictured);
      }
    }
  }

  /** Throws {@link IllegalArgumentException} naming the first thing that can't be. */
  StudyConfig {
    if (training == null || evaluation == null) {
      throw new IllegalArgumentException(
          (training == null ? "training" : "evaluation") + ": is missing");
    }
    seeds = seeds == null ? List.of() : List.copyOf(seeds);
    variants = variants == null ? List.of() : List.copyOf(variants);
    if (seeds.isEmpty() || variants.isEmpty()) {
      throw new IllegalArgumentException(
          (seeds.isEmpty() ? "seeds" : "variants") + ": must list at least one");
    }
    Set<String> names = new HashSet<>();
    for (Variant variant : variants) {
      String control = variant.control;
      if (control != null && variants.stream().noneMatch(v -> v.name.equals(control))) {
        throw new IllegalArgumentException(
            "variants: the control of %s is %s, which is none of them"
                .formatted(variant.name, control));
      }
      if (!names.add(variant.name)) {
        throw new IllegalArgumentException("variants: two are named " + variant.name);
      }
      ConditionerConfig own = variant.conditioner;
      ViewRange range = variant.conditionViews;
      if (range != null && range.most() > 1 && !(own instanceof ConditionerConfig.MultiView)) {
        throw new IllegalArgumentException(
            "variants: %s is trained with one view; MULTI_VIEW takes more".formatted(variant.name));
      }
    }
  }

  /** The training of a variant from a seed. */
  TrainingConfig training(Variant variant, long seed) {
    ModelConfig model = training.model();
    int width = variant.contextDim == null ? model.unet().contextDim() : variant.contextDim;
    ViewRange range = variant.conditionViews == null ? ViewRange.ONE : variant.conditionViews;
    return training.withModel(model.withConditioner(variant.conditioner, width), range, seed);
  }

  /** The most views that any variant is given. */
  int mostViews() {
    return variants.stream().flatMap(v -> v.views.stream()).mapToInt(n -> n).max().orElseThrow();
  }
}
