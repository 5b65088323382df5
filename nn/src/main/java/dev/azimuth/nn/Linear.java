package dev.azimuth.nn;

import dev.azimuth.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** y = x·Wᵀ + b over the last axis; parameters {@code weight} [out, in] and {@code bias} [out]. */
public final class Linear implements Module {
  private final Tensor weight;
  private final @Nullable Tensor bias;

  private Linear(Tensor weight, @Nullable Tensor bias) {
    this.weight = weight;
    this.bias = bias;
  }

  /** With a bias. */
  public static Linear of(Parameters p, int in, int out) {
    Initialization initialization = Initialization.fanIn(in);
    return new Linear(
        p.linear("weight", initialization, out, in), p.tensor("bias", initialization, out));
  }

  /** Without a bias. */
  public static Linear withoutBias(Parameters p, int in, int out) {
    return new Linear(p.linear("weight", Initialization.fanIn(in), out, in), null);
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.linear(weight, bias);
  }
}
