package dev.azimuth.nn.optim;

import dev.azimuth.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Gradients limited in length.
 *
 * @param gradients by the parameters' names, as given or scaled down
 * @param norm their common Euclidean norm before; NaN or infinite if an element is
 */
public record GradientClipping(SequencedMap<String, Tensor> gradients, double norm) {
  /** What PyTorch adds to the norm before dividing by it. */
  private static final double EPS = 1e-6;

  /** Clipped gradients and the norm they had. */
  public GradientClipping {
    gradients = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(gradients));
  }

  /**
   * Scales all gradients by min(1, maxNorm / (norm + 1e-6)), norm being that of all of them as one
   * vector, as {@code torch.nn.utils.clip_grad_norm_} does (Pascanu et al. 2013). Gradients that
   * need no scaling are passed on as they are.
   *
   * @throws IllegalArgumentException unless {@code maxNorm} is positive
   */
  public static GradientClipping byNorm(Map<String, Tensor> gradients, double maxNorm) {
    if (!(maxNorm > 0)) {
      throw new IllegalArgumentException("clipping: the norm must be positive, not " + maxNorm);
    }
    double norm = norm(gradients);
    double factor = maxNorm / (norm + EPS);
    SequencedMap<String, Tensor> clipped = new LinkedHashMap<>();
    gradients.forEach((name, g) -> clipped.put(name, factor < 1 ? g.detached().mul(factor) : g));
    return new GradientClipping(clipped, norm);
  }

  /** The Euclidean norm of all gradients as one vector, summed in their order. */
  public static double norm(Map<String, Tensor> gradients) {
    double squares = 0;
    for (Tensor gradient : gradients.values()) {
      squares += gradient.detached().square().sum().item();
    }
    return Math.sqrt(squares);
  }
}
