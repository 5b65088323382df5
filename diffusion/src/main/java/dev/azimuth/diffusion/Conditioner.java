package dev.azimuth.diffusion;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Tensor;

/**
 * Turns condition views and the camera's moves into what the UNet is told. Which one a model uses
 * is a value of its configuration, without default.
 */
public sealed interface Conditioner
    permits Zero123Conditioner, StackedConditioner, MultiViewConditioner {
  /** The frozen networks that see the views. */
  ViewEncoder encoder();

  /** How much of an image's tokens it reads. */
  ViewEncoder.Detail detail();

  /** Whether it takes any number of views at once; if not, one. */
  boolean takesManyViews();

  /**
   * The conditioning for one new view of each sample.
   *
   * @throws dev.azimuth.tensor.ShapeException if there are more views than it takes
   */
  Conditioning condition(ConditionViews views);

  /**
   * The conditioning by one view.
   *
   * @param image the condition view [B, H, W, 3] in [-1, 1]
   * @param pose the camera's move T = [Δθ, sin Δφ, cos Δφ, Δr] [B, 4], radians and world units
   */
  default Conditioning condition(Tensor image, Tensor pose) {
    Check.shape("condition", "image", image, -1, -1, -1, 3);
    int batch = image.shape().dim(0);
    Check.shape("condition", "pose", pose, batch, 4);
    Tensor one = image.reshape(batch, 1, image.shape().dim(1), image.shape().dim(2), 3);
    return condition(encoder().encode(one, pose.reshape(batch, 1, 4), detail()));
  }
}
