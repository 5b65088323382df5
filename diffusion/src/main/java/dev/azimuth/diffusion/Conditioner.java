package dev.azimuth.diffusion;

import dev.azimuth.tensor.Tensor;

/**
 * Turns condition views and the camera's move into what the UNet is told. Which one a model uses is
 * a value of its configuration, without default.
 */
public sealed interface Conditioner permits Zero123Conditioner {
  /**
   * The conditioning for one view.
   *
   * @param image the condition view [B, H, W, 3] in [-1, 1]
   * @param pose the camera's move T = [Δθ, sin Δφ, cos Δφ, Δr] [B, 4], radians and world units
   */
  Conditioning condition(Tensor image, Tensor pose);
}
