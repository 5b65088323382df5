package dev.azimuth.nn;

import dev.azimuth.tensor.Tensor;

/** Group normalisation of [N, ..., channels] (Wu and He 2018), alone or with SiLU after it. */
public final class GroupNorm {
  private final Tensor weight;
  private final Tensor bias;
  private final int groups;
  private final double eps;

  /** {@code groups} groups of consecutive channels, biased variance plus {@code eps}. */
  public GroupNorm(Parameters p, int groups, int channels, double eps) {
    this.weight = p.tensor("weight", Initialization.ones(), channels);
    this.bias = p.tensor("bias", Initialization.zeros(), channels);
    this.groups = groups;
    this.eps = eps;
  }

  /** The normalised x. */
  public Tensor forward(Tensor x) {
    return x.groupNorm(groups, weight, bias, eps, false);
  }

  /** SiLU of the normalised x. */
  public Tensor forwardSilu(Tensor x) {
    return x.groupNorm(groups, weight, bias, eps, true);
  }
}
