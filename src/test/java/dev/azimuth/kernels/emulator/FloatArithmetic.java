package dev.azimuth.kernels.emulator;

/**
 * What PTX's floating-point instructions compute where Java's operators don't.
 *
 * <p>Approximate instructions ({@code ex2.approx} and such) are computed to the last bit; a device
 * is less exact, within the bounds that the PTX manual states.
 */
final class FloatArithmetic {
  private static final double LN2 = Math.log(2);

  private FloatArithmetic() {}

  /** How a result that isn't a float32 is rounded. */
  enum Rounding {
    NEAREST,
    ZERO,
    DOWN,
    UP
  }

  static float flush(float x) {
    return Math.abs(x) < Float.MIN_NORMAL ? Math.copySign(0f, x) : x;
  }

  /** {@code .sat}: to 0…1, NaN to 0. */
  static float saturate(float x) {
    return x > 0 ? Math.min(x, 1f) : 0f;
  }

  /** {@code sum + rest}, {@code rest} below the last bit of {@code sum}, rounded once. */
  static float round(double sum, double rest, Rounding rounding) {
    float nearest = (float) sum;
    if (rounding == Rounding.NEAREST || Double.isNaN(sum) || Double.isInfinite(sum)) {
      return nearest;
    }
    double error = sum - nearest;
    int above = Double.compare(nearest == sum ? -rest : -error, 0.0); // of nearest over the exact
    if (nearest == sum && rest == 0) {
      return nearest;
    }
    boolean down =
        switch (rounding) {
          case DOWN -> true;
          case UP -> false;
          case ZERO -> sum > 0;
          case NEAREST -> throw new AssertionError();
        };
    if (down) {
      return above > 0 ? Math.nextDown(nearest) : nearest;
    }
    return above < 0 ? Math.nextUp(nearest) : nearest;
  }

  static float add(float a, float b, Rounding rounding) {
    return sum(a, b, rounding);
  }

  static float mul(float a, float b, Rounding rounding) {
    return round((double) a * b, 0, rounding);
  }

  /** {@code a * b + c}; the product is exact in float64. */
  static float fma(float a, float b, float c, Rounding rounding) {
    return rounding == Rounding.NEAREST ? Math.fma(a, b, c) : sum((double) a * b, c, rounding);
  }

  private static float sum(double a, double b, Rounding rounding) {
    double sum = a + b;
    double part = sum - a;
    double rest = (a - (sum - part)) + (b - part); // Knuth's two-sum: exact
    return round(sum, rest, rounding);
  }

  static float ex2(float x) {
    return (float) Math.pow(2, x);
  }

  static float lg2(float x) {
    return (float) (Math.log(x) / LN2);
  }

  static float rsqrt(float x) {
    return (float) (1 / Math.sqrt(x));
  }

  /** A NaN counts only if both are, unlike Java's. */
  static float min(float a, float b) {
    return Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.min(a, b);
  }

  static float max(float a, float b) {
    return Float.isNaN(a) ? b : Float.isNaN(b) ? a : Math.max(a, b);
  }

  static double min(double a, double b) {
    return Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.min(a, b);
  }

  static double max(double a, double b) {
    return Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.max(a, b);
  }

  /** To the nearest integer, ties to even, in the given direction otherwise. */
  static double integral(double x, Rounding rounding) {
    return switch (rounding) {
      case NEAREST -> Math.rint(x);
      case ZERO -> x < 0 ? Math.ceil(x) : Math.floor(x);
      case DOWN -> Math.floor(x);
      case UP -> Math.ceil(x);
    };
  }

  /** The bfloat16 nearest to a float32, ties to even; NaN becomes the canonical one. */
  static int toBFloat16(float x) {
    if (Float.isNaN(x)) {
      return 0x7FFF;
    }
    int bits = Float.floatToRawIntBits(x);
    return (bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16;
  }

  static float fromBFloat16(int bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** {@code cvt.rna.tf32}: 10 bits of mantissa, ties away from zero. */
  static int toTf32(float x) {
    int bits = Float.floatToRawIntBits(x);
    return Float.isNaN(x) || Float.isInfinite(x) ? bits : (bits + 0x1000) & 0xFFFFE000;
  }
}
