package dev.azimuth.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * F(2, 3): 2 outputs of a 3-tap filter with 4 multiplications, at the points 0, ±1 and infinity.
 */
final class WinogradTwo implements WinogradLines {
  private static final VectorSpecies<Float> SPECIES = RegisterBlock.SPECIES;
  private static final int LANES = SPECIES.length();

  @Override
  public int tile() {
    return 2;
  }

  @Override
  public void input(float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes) {
    for (int c = 0; c < lanes; c += LANES) {
      int from = xStart + c;
      int to = yStart + c;
      FloatVector d1 = FloatVector.fromArray(SPECIES, x, from + xStep);
      FloatVector d2 = FloatVector.fromArray(SPECIES, x, from + 2 * xStep);
      FloatVector.fromArray(SPECIES, x, from).sub(d2).intoArray(y, to);
      d1.add(d2).intoArray(y, to + yStep);
      d2.sub(d1).intoArray(y, to + 2 * yStep);
      d1.sub(FloatVector.fromArray(SPECIES, x, from + 3 * xStep)).intoArray(y, to + 3 * yStep);
    }
  }

  @Override
  public void output(
      float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes) {
    for (int c = 0; c < lanes; c += LANES) {
      int from = xStart + c;
      int to = yStart + c;
      FloatVector m1 = FloatVector.fromArray(SPECIES, x, from + xStep);
      FloatVector m2 = FloatVector.fromArray(SPECIES, x, from + 2 * xStep);
      FloatVector.fromArray(SPECIES, x, from).add(m1).add(m2).intoArray(y, to);
      m1.sub(m2).sub(FloatVector.fromArray(SPECIES, x, from + 3 * xStep)).intoArray(y, to + yStep);
    }
  }

  @Override
  public void weight(
      float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes) {
    for (int c = 0; c < lanes; c += LANES) {
      int from = xStart + c;
      int to = yStart + c;
      FloatVector g0 = FloatVector.fromArray(SPECIES, x, from);
      FloatVector g2 = FloatVector.fromArray(SPECIES, x, from + 2 * xStep);
      FloatVector even = g0.add(g2).mul(0.5f);
      FloatVector odd = FloatVector.fromArray(SPECIES, x, from + xStep).mul(0.5f);
      g0.intoArray(y, to);
      even.add(odd).intoArray(y, to + yStep);
      even.sub(odd).intoArray(y, to + 2 * yStep);
      g2.intoArray(y, to + 3 * yStep);
    }
  }
}
