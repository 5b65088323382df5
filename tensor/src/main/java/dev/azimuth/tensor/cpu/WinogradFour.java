package dev.azimuth.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * F(4, 3): 4 outputs of a 3-tap filter with 6 multiplications.
 *
 * <p>The points are 0, ±a, ±b with a = √½, b = √2, and infinity. With the customary 0, ±1, ±2 the
 * transforms' larger numbers cost five times the error.
 */
// loads and broadcasts are written out: a call of our own that C2 declines to inline returns its
// vector in an object
final class WinogradFour implements WinogradLines {
  private static final VectorSpecies<Float> SPECIES = RegisterBlock.SPECIES;
  private static final int LANES = SPECIES.length();
  private static final float A = (float) Math.sqrt(0.5);
  private static final float B = (float) Math.sqrt(2);

  @Override
  public int tile() {
    return 4;
  }

  @Override
  public void input(float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes) {
    for (int c = 0; c < lanes; c += LANES) {
      int from = xStart + c;
      int to = yStart + c;
      FloatVector d1 = FloatVector.fromArray(SPECIES, x, from + xStep);
      FloatVector d2 = FloatVector.fromArray(SPECIES, x, from + 2 * xStep);
      FloatVector d3 = FloatVector.fromArray(SPECIES, x, from + 3 * xStep);
      FloatVector d4 = FloatVector.fromArray(SPECIES, x, from + 4 * xStep);
      d2.fma(FloatVector.broadcast(SPECIES, -2.5f), FloatVector.fromArray(SPECIES, x, from).add(d4))
          .intoArray(y, to);
      FloatVector even = d2.fma(FloatVector.broadcast(SPECIES, -2), d4);
      FloatVector odd = d1.fma(FloatVector.broadcast(SPECIES, -2), d3);
      odd.fma(FloatVector.broadcast(SPECIES, A), even).intoArray(y, to + yStep);
      odd.fma(FloatVector.broadcast(SPECIES, -A), even).intoArray(y, to + 2 * yStep);
      even = d2.fma(FloatVector.broadcast(SPECIES, -0.5f), d4);
      odd = d1.fma(FloatVector.broadcast(SPECIES, -0.5f), d3);
      odd.fma(FloatVector.broadcast(SPECIES, B), even).intoArray(y, to + 3 * yStep);
      odd.fma(FloatVector.broadcast(SPECIES, -B), even).intoArray(y, to + 4 * yStep);
      d3.fma(
              FloatVector.broadcast(SPECIES, -2.5f),
              d1.add(FloatVector.fromArray(SPECIES, x, from + 5 * xStep)))
          .intoArray(y, to + 5 * yStep);
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
      FloatVector m3 = FloatVector.fromArray(SPECIES, x, from + 3 * xStep);
      FloatVector m4 = FloatVector.fromArray(SPECIES, x, from + 4 * xStep);
      FloatVector near = m1.add(m2);
      FloatVector nearOdd = m1.sub(m2).mul(A);
      FloatVector far = m3.add(m4);
      FloatVector farOdd = m3.sub(m4).mul(B);
      FloatVector.fromArray(SPECIES, x, from).add(near).add(far).intoArray(y, to);
      nearOdd.add(farOdd).intoArray(y, to + yStep);
      near.fma(FloatVector.broadcast(SPECIES, 0.5f), far.add(far)).intoArray(y, to + 2 * yStep);
      FloatVector last =
          farOdd.fma(
              FloatVector.broadcast(SPECIES, 2),
              FloatVector.fromArray(SPECIES, x, from + 5 * xStep));
      nearOdd.fma(FloatVector.broadcast(SPECIES, 0.5f), last).intoArray(y, to + 3 * yStep);
    }
  }

  /** A, the transpose of {@link #output}: gradients of 4 outputs to gradients of 6 points. */
  void outputTransposed(
      float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes) {
    for (int c = 0; c < lanes; c += LANES) {
      int from = xStart + c;
      int to = yStart + c;
      FloatVector d0 = FloatVector.fromArray(SPECIES, x, from);
      FloatVector d1 = FloatVector.fromArray(SPECIES, x, from + xStep);
      FloatVector d2 = FloatVector.fromArray(SPECIES, x, from + 2 * xStep);
      FloatVector d3 = FloatVector.fromArray(SPECIES, x, from + 3 * xStep);
      d0.intoArray(y, to);
      FloatVector even = d2.fma(FloatVector.broadcast(SPECIES, 0.5f), d0);
      FloatVector odd = d3.fma(FloatVector.broadcast(SPECIES, 0.5f), d1);
      odd.fma(FloatVector.broadcast(SPECIES, A), even).intoArray(y, to + yStep);
      odd.fma(FloatVector.broadcast(SPECIES, -A), even).intoArray(y, to + 2 * yStep);
      even = d2.fma(FloatVector.broadcast(SPECIES, 2), d0);
      odd = d3.fma(FloatVector.broadcast(SPECIES, 2), d1);
      odd.fma(FloatVector.broadcast(SPECIES, B), even).intoArray(y, to + 3 * yStep);
      odd.fma(FloatVector.broadcast(SPECIES, -B), even).intoArray(y, to + 4 * yStep);
      d3.intoArray(y, to + 5 * yStep);
    }
  }

  @Override
  public void weight(
      float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes) {
    for (int c = 0; c < lanes; c += LANES) {
      int from = xStart + c;
      int to = yStart + c;
      FloatVector g0 = FloatVector.fromArray(SPECIES, x, from);
      FloatVector g1 = FloatVector.fromArray(SPECIES, x, from + xStep);
      FloatVector g2 = FloatVector.fromArray(SPECIES, x, from + 2 * xStep);
      g0.intoArray(y, to);
      FloatVector even = g2.fma(FloatVector.broadcast(SPECIES, 0.5f), g0).mul(-2 / 3f);
      g1.fma(FloatVector.broadcast(SPECIES, -2 / 3f * A), even).intoArray(y, to + yStep);
      g1.fma(FloatVector.broadcast(SPECIES, 2 / 3f * A), even).intoArray(y, to + 2 * yStep);
      even = g2.fma(FloatVector.broadcast(SPECIES, 2), g0).mul(1 / 6f);
      g1.fma(FloatVector.broadcast(SPECIES, 1 / 6f * B), even).intoArray(y, to + 3 * yStep);
      g1.fma(FloatVector.broadcast(SPECIES, -1 / 6f * B), even).intoArray(y, to + 4 * yStep);
      g2.intoArray(y, to + 5 * yStep);
    }
  }

  /** Gᵀ, the transpose of {@link #weight}: gradients of 6 points to gradients of 3 taps. */
  void weightTransposed(
      float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes) {
    for (int c = 0; c < lanes; c += LANES) {
      int from = xStart + c;
      int to = yStart + c;
      FloatVector u1 = FloatVector.fromArray(SPECIES, x, from + xStep);
      FloatVector u2 = FloatVector.fromArray(SPECIES, x, from + 2 * xStep);
      FloatVector u3 = FloatVector.fromArray(SPECIES, x, from + 3 * xStep);
      FloatVector u4 = FloatVector.fromArray(SPECIES, x, from + 4 * xStep);
      FloatVector near = u1.add(u2);
      FloatVector far = u3.add(u4);
      FloatVector first =
          near.fma(
              FloatVector.broadcast(SPECIES, -2 / 3f), FloatVector.fromArray(SPECIES, x, from));
      far.fma(FloatVector.broadcast(SPECIES, 1 / 6f), first).intoArray(y, to);
      FloatVector middle = u3.sub(u4).mul(1 / 6f * B);
      u1.sub(u2).fma(FloatVector.broadcast(SPECIES, -2 / 3f * A), middle).intoArray(y, to + yStep);
      FloatVector last = FloatVector.fromArray(SPECIES, x, from + 5 * xStep);
      far.sub(near).fma(FloatVector.broadcast(SPECIES, 1 / 3f), last).intoArray(y, to + 2 * yStep);
    }
  }
}
