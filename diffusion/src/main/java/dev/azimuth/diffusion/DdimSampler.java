package dev.azimuth.diffusion;

import dev.azimuth.tensor.Scope;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/** Denoising diffusion implicit models (Song et al. 2021, equation 12). */
public final class DdimSampler {
  private final DdimSchedule schedule;

  /** Where the steps' noise comes from. */
  @FunctionalInterface
  public interface NoiseSource {
    /** Standard normal noise of x's shape for step {@code k}, counted from 0. */
    Tensor noise(int k, Tensor x);
  }

  /** Told after each step. */
  @FunctionalInterface
  public interface Listener {
    /** Step {@code k} (from 0) gave x, and predicted this x_0. */
    void afterStep(int k, Tensor x, Tensor predictedStart);
  }

  /** A sampler over these steps. */
  public DdimSampler(DdimSchedule schedule) {
    this.schedule = schedule;
  }

  /**
   * x_0 from noise x_T.
   *
   * @param x standard normal noise [B, h, w, z]
   * @param noise asked only for steps that add noise (eta above 0)
   */
  public Tensor sample(Tensor x, NoisePredictor predictor, NoiseSource noise, Listener listener) {
    List<DdimSchedule.Step> steps = schedule.steps();
    for (int k = 0; k < steps.size(); k++) {
      DdimSchedule.Step step = steps.get(k);
      Tensor e;
      try (Scope scope = x.backend().scope()) { // what a network makes on the way is much
        e = scope.keep(predictor.predict(x, step.timestep()));
      }
      double root = Math.sqrt(step.alpha());
      Tensor start = x.sub(e.mul(Math.sqrt(1 - step.alpha()))).mul(1 / root);
      double sigma = step.sigma();
      double direction = Math.sqrt(1 - step.alphaPrevious() - sigma * sigma);
      Tensor next = start.mul(Math.sqrt(step.alphaPrevious())).add(e.mul(direction));
      x = sigma == 0 ? next : next.add(noise.noise(k, x).mul(sigma));
      listener.afterStep(k, x, start);
    }
    return x;
  }
}
