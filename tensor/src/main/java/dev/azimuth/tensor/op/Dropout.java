package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * Each element kept with probability 1 - p and divided by it, else 0 (Srivastava et al. 2014).
 *
 * <p>Element i is kept where the i-th output of the SplitMix64 generator (Steele, Lea and Flood
 * 2014) started at the seed, as a number in [0, 1), is at least p: the mask depends on seed and
 * position only, not on threads or backend.
 *
 * <p>Shapes: x of any shape to y of the same.
 *
 * <p>Gradient: {@code dx = dy * mask}; saves the mask, which holds 0 and 1 / (1 - p).
 *
 * <p>Throws {@link IllegalArgumentException} unless {@code 0 <= p <= 1}.
 *
 * @param probability p, how likely an element is dropped
 * @param seed chooses the mask
 */
public record Dropout(double probability, long seed) implements Op.Unary<Dropout.Saved> {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  /** What x is multiplied by. */
  public record Saved(Tensor mask) {}

  public Dropout {
    if (!(probability >= 0 && probability <= 1)) {
      throw new IllegalArgumentException(
          "dropout: probability must be within 0 and 1; got " + probability);
    }
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    double[] mask = new double[x.shape().size()];
    double kept = 1 / (1 - probability);
    for (int i = 0; i < mask.length; i++) {
      mask[i] = uniform(i) < probability ? 0 : kept;
    }
    Saved saved = new Saved(Tensor.of(x.backend(), x.dtype(), x.shape(), mask));
    return new Result<>(x.mul(saved.mask()), saved);
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    return dy.mul(saved.mask());
  }

  private double uniform(int position) {
    long z = seed + (position + 1L) * GOLDEN_GAMMA;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    z ^= z >>> 31;
    return (z >>> 11) * 0x1p-53;
  }

  /** Some, none and all dropped. */
  public static List<Example<Dropout>> examples() {
    return List.of(
        Example.of(new Dropout(0.5, 7), Shape.of(3, 33)),
        Example.of(new Dropout(0.1, -1), Shape.of(2, 3, 5)),
        Example.of(new Dropout(0, 1), Shape.of(4)),
        Example.of(new Dropout(1, 1), Shape.of(3)).withoutGradient(0));
  }
}
