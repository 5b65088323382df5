package dev.azimuth.tensor.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transcendental functions on float vectors, for any vector width.
 *
 * <p>Relative errors against the exact values, over all arguments whose result is a normal float:
 * {@link #exp} 1.2e-7, {@link #sigmoid} and {@link #tanh} 3e-7, {@link #normalCdf} and {@link
 * #normalPdf} 5e-7, deep in the tails too. Exponentials below {@link #EXP_SMALLEST} are 0, those
 * above the largest float infinite, NaN stays NaN. Polynomials are weighted minimax fits made for
 * this class.
 */
final class VectorMath {
  /** The lanes that all float32 loops of this backend use. */
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Number of lanes. */
  static final int LANES = SPECIES.length();

  // Constants are vectors: a broadcast inside an expression costs the compiler so many nodes that
  // it
  // would stop inlining half way through, and vectors would go through memory as objects.
  private static final FloatVector ONE = all(1f);
  private static final FloatVector ZERO = all(0f);
  private static final FloatVector TWO = all(2f);
  private static final FloatVector MINUS_HALF = all(-0.5f);

  // the smallest exponential that isn't 0: twice the smallest normal float
  private static final float EXP_SMALLEST = 0x1p-125f;
  private static final FloatVector EXP_LOWEST = all((float) Math.log(EXP_SMALLEST));
  // above this e^x is infinite
  private static final FloatVector EXP_HIGHEST = all(89f);
  private static final FloatVector LOG2_E = all(1.44269504f);
  // ln 2 in two parts; the first has trailing zeros, so that n · LN2_HIGH is exact
  private static final FloatVector MINUS_LN2_HIGH = all(-0.693145752f);
  private static final FloatVector MINUS_LN2_LOW = all(-1.42860677e-6f);
  // adding 1.5 · 2²³ rounds to an integer n, and leaves it in the low bits; with 126 more, these
  // are
  // the exponent bits of 2^(n-1)
  private static final FloatVector ROUNDER = all(0x1.8p23f + 126);
  private static final int MANTISSA_BITS = 23;
  // e^r = 1 + r + r² (E0 + E1 r + ...)
  private static final FloatVector E0 = all(0.49999994f);
  private static final FloatVector E1 = all(0.16666521f);
  private static final FloatVector E2 = all(0.04166839f);
  private static final FloatVector E3 = all(0.0083687454f);
  private static final FloatVector E4 = all(0.0013814538f);

  private static final FloatVector TANH_SERIES_END = all(0.625f);
  // tanh x = x + x³ (T0 + T1 x² + ...)
  private static final FloatVector T0 = all(-0.33333328f);
  private static final FloatVector T1 = all(0.13333158f);
  private static final FloatVector T2 = all(-0.053940564f);
  private static final FloatVector T3 = all(0.021666344f);
  private static final FloatVector T4 = all(-0.008091965f);
  private static final FloatVector T5 = all(0.0020646621f);

  private static final FloatVector PDF_SCALE = all(0.39894228f);
  private static final FloatVector PDF_FARTHEST = all(15f);
  private static final FloatVector CDF_CENTER = all(4f);
  private static final FloatVector MINUS_CDF_SPAN = all(-8f);
  // Φ(-t) = e^(-t²/2) (P0 + P1 s + ...) / (t + 4), s = (t - 4) / (t + 4) = 1 - 8 / (t + 4)
  private static final FloatVector P0 = all(0.75528514f);
  private static final FloatVector P1 = all(-0.60789657f);
  private static final FloatVector P2 = all(0.38713691f);
  private static final FloatVector P3 = all(-0.18652366f);
  private static final FloatVector P4 = all(0.060403489f);
  private static final FloatVector P5 = all(-0.0075240042f);
  private static final FloatVector P6 = all(-0.0035102095f);
  private static final FloatVector P7 = all(0.0015684082f);
  private static final FloatVector P8 = all(1.7465727e-4f);
  private static final FloatVector P9 = all(-1.3419743e-4f);

  private VectorMath() {}

  /** Lanes i, i + 1, ... below {@code end}. */
  static VectorMask<Float> mask(int i, int end) {
    return SPECIES.indexInRange(i, end);
  }

  /** The larger one; {@code a} where either is NaN. Cheaper than a maximum that keeps NaN. */
  static FloatVector larger(FloatVector a, FloatVector b) {
    return a.blend(b, b.compare(VectorOperators.GT, a));
  }

  /** eˣ. */
  static FloatVector exp(FloatVector x) {
    return boundedExp(x.blend(EXP_HIGHEST, x.compare(VectorOperators.GT, EXP_HIGHEST)));
  }

  /** eˣ for x up to 89. */
  static FloatVector boundedExp(FloatVector x) {
    // x = n ln 2 + r, |r| <= ln 2 / 2
    FloatVector shifted = x.fma(LOG2_E, ROUNDER);
    FloatVector n = shifted.sub(ROUNDER);
    FloatVector r = n.fma(MINUS_LN2_LOW, n.fma(MINUS_LN2_HIGH, x));
    FloatVector p = r.fma(E4, E3).fma(r, E2).fma(r, E1).fma(r, E0);
    p = p.fma(r.mul(r), r).add(ONE);
    // 2 p · 2^(n-1), since 2^n alone can be beyond the floats where e^x isn't
    FloatVector power =
        shifted
            .reinterpretAsInts()
            .lanewise(VectorOperators.LSHL, MANTISSA_BITS)
            .reinterpretAsFloats();
    return p.add(p).mul(power).blend(ZERO, x.compare(VectorOperators.LT, EXP_LOWEST));
  }

  private static FloatVector all(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  /** σ(x) = 1 / (1 + e⁻ˣ). */
  static FloatVector sigmoid(FloatVector x) {
    return ONE.div(exp(ZERO.sub(x)).add(ONE));
  }

  /** Derivative of x·σ(x), given s = σ(x): s (1 + x (1 - s)). */
  static FloatVector siluSlope(FloatVector x, FloatVector s) {
    return x.fma(ONE.sub(s), ONE).mul(s);
  }

  /** tanh x. */
  static FloatVector tanh(FloatVector x) {
    FloatVector magnitude = x.abs();
    // 1 - 2 / (e^2x + 1) cancels near 0
    FloatVector z = x.mul(x);
    FloatVector p = z.fma(T5, T4).fma(z, T3).fma(z, T2).fma(z, T1).fma(z, T0);
    FloatVector near = p.mul(z).fma(x, x);
    FloatVector far = ONE.sub(TWO.div(exp(magnitude.add(magnitude)).add(ONE)));
    FloatVector signed = far.blend(ZERO.sub(far), x.compare(VectorOperators.LT, ZERO));
    return signed.blend(near, magnitude.compare(VectorOperators.LT, TANH_SERIES_END));
  }

  /** |x|, no larger than where the normal density is 0. */
  static FloatVector distance(FloatVector x) {
    FloatVector t = x.abs();
    return t.blend(PDF_FARTHEST, t.compare(VectorOperators.GT, PDF_FARTHEST));
  }

  /** exp(-t²/2) for t = {@link #distance}(x), which normal density and distribution share. */
  static FloatVector gaussian(FloatVector t) {
    FloatVector square = t.mul(t);
    // t² = square + rest exactly; without rest the error would grow with t²
    FloatVector rest = t.fma(t, ZERO.sub(square));
    FloatVector e = boundedExp(square.mul(MINUS_HALF));
    return e.mul(rest).fma(MINUS_HALF, e);
  }

  /** The normal density, given e = {@link #gaussian}. */
  static FloatVector normalPdf(FloatVector e) {
    return e.mul(PDF_SCALE);
  }

  /** The normal distribution function Φ(x), given e = {@link #gaussian} of x. */
  static FloatVector normalCdf(FloatVector x, FloatVector e) {
    FloatVector reciprocal = ONE.div(x.abs().add(CDF_CENTER));
    FloatVector s = reciprocal.fma(MINUS_CDF_SPAN, ONE);
    FloatVector p = s.fma(P9, P8).fma(s, P7).fma(s, P6).fma(s, P5).fma(s, P4);
    p = p.fma(s, P3).fma(s, P2).fma(s, P1).fma(s, P0);
    FloatVector tail = e.mul(p).mul(reciprocal);
    return tail.blend(ONE.sub(tail), x.compare(VectorOperators.GT, ZERO));
  }
}
