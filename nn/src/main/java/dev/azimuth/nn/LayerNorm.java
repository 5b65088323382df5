package dev.azimuth.nn;

import dev.azimuth.tensor.Tensor;

/** Layer normalisation over the last axis (Ba et al. 2016), eps 1e-5. */
public final class LayerNorm implements Module {
  private static final double EPS = 1e-5;

  private final Tensor weight;
  private final Tensor bias;

  /** Over {@code channels} channels. */
  public LayerNorm(Parameters p, int channels) {
    this.weight = p.tensor("weight", Initialization.ones(), channels);
    this.bias = p.tensor("bias", Initialization.zeros(), channels);
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.layerNorm(weight, bias, EPS);
  }
}
