package dev.azimuth.tensor.file;

/**
 * The 16-bit format with float32's exponent: the upper half of a float32. (For the other 16-bit
 * format see {@link Float#float16ToFloat}.)
 */
public final class BFloat16 {
  private BFloat16() {}

  /** The value, exactly. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** The nearest value, ties to even; what exceeds the largest becomes infinite, NaN stays NaN. */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      // rounding could carry a NaN into infinity; keep its sign, make it quiet
      return (short) (bits >>> 16 | 0x40);
    }
    int roundingBias = 0x7FFF + ((bits >>> 16) & 1);
    return (short) ((bits + roundingBias) >>> 16);
  }
}
