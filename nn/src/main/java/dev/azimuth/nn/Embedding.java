package dev.azimuth.nn;

import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;

/** Rows of a table by index; parameter {@code weight} [count, width]. */
public final class Embedding {
  private final Tensor weight;

  /** A table of {@code count} rows. */
  public Embedding(Parameters p, int count, int width) {
    this.weight = p.tensor("weight", Initialization.normal(1), count, width);
  }

  /** Rows {@code index}, arranged in {@code indexShape}: [indexShape..., width]. */
  public Tensor forward(int[] index, Shape indexShape) {
    return weight.gather(index, indexShape);
  }
}
