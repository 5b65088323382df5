package dev.azimuth.tensor;

/** What a tensor's elements are while it is computed with. Half precision exists at rest only. */
public enum DType {
  FLOAT32(4, 0x1p-24),
  FLOAT64(8, 0x1p-53);

  private final int bytes;
  private final double unitRoundoff;

  DType(int bytes, double unitRoundoff) {
    this.bytes = bytes;
    this.unitRoundoff = unitRoundoff;
  }

  /** Bytes an element takes. */
  public int bytes() {
    return bytes;
  }

  /** The largest relative error of rounding a real number to this type. */
  public double unitRoundoff() {
    return unitRoundoff;
  }
}
