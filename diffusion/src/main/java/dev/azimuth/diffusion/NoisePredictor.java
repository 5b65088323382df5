package dev.azimuth.diffusion;

import dev.azimuth.tensor.Tensor;
import java.util.Arrays;

/** Predicts the noise in x [B, h, w, z] at one timestep: a network, or networks under guidance. */
@FunctionalInterface
public interface NoisePredictor {
  /** ε, of x's shape. */
  Tensor predict(Tensor x, int timestep);

  /** A UNet under a conditioning, without guidance. */
  static NoisePredictor of(UNet unet, Conditioning conditioning) {
    return (x, timestep) -> {
      long[] timesteps = new long[x.shape().dim(0)];
      Arrays.fill(timesteps, timestep);
      Tensor input = Tensor.concat(3, x, conditioning.concat());
      return unet.forward(input, timesteps, conditioning.context());
    };
  }

  /**
   * The noise that a prediction stands for: of {@link PredictionType#V_PREDICTION}, √ᾱ_t v +
   * √(1-ᾱ_t) x_t. Guidance may come before or after: its weights sum to 1.
   */
  static NoisePredictor of(PredictionType type, NoisePredictor predictor, NoiseSchedule schedule) {
    return switch (type) {
      case EPSILON -> predictor;
      case V_PREDICTION ->
          (x, timestep) -> {
            double alpha = schedule.alphasCumprodExact(timestep);
            Tensor v = predictor.predict(x, timestep);
            return v.mul(Math.sqrt(alpha)).add(x.mul(Math.sqrt(1 - alpha)));
          };
    };
  }

  /**
   * Classifier-free guidance (Ho and Salimans 2022): ε_u + scale (ε_c - ε_u), both branches in one
   * batch. At scale 1 the unconditional branch would cancel and is not computed.
   */
  static NoisePredictor guided(
      UNet unet, Conditioning conditioning, Conditioning unconditional, double scale) {
    if (scale == 1) {
      return of(unet, conditioning);
    }
    NoisePredictor both = of(unet, unconditional.followedBy(conditioning));
    return (x, timestep) -> {
      int batch = x.shape().dim(0);
      Tensor e = both.predict(Tensor.concat(0, x, x), timestep);
      Tensor without = e.slice(0, 0, batch);
      Tensor with = e.slice(0, batch, 2 * batch);
      return without.add(with.sub(without).mul(scale));
    };
  }
}
