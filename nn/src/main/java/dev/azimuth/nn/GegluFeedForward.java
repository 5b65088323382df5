package dev.azimuth.nn;

import dev.azimuth.tensor.Tensor;

/**
 * Gated feed-forward layer (Shazeer 2020): {@code net.0.proj} to [a, g], then {@code net.2} of a ·
 * gelu(g).
 */
public final class GegluFeedForward implements Module {
  private final Linear proj;
  private final Linear out;

  /** Inner width {@code mult · dim}. */
  public GegluFeedForward(Parameters p, int dim, int dimOut, int mult) {
    this.proj = Linear.of(p.at("net").at(0).at("proj"), dim, 2 * mult * dim);
    this.out = Linear.of(p.at("net").at(2), mult * dim, dimOut);
  }

  @Override
  public Tensor forward(Tensor x) {
    return out.forward(proj.forward(x).geglu());
  }
}
