package dev.azimuth.kernels;

/** How exactly tensor cores multiply; sums are always float32. */
public enum Precision {
  /** Three products of tf32 for each of float32's (3xTF32): float32's tolerances hold. */
  FLOAT32("f32"),

  /** Factors rounded to tf32, 11 bits of mantissa. About three times as fast. */
  TF32("tf32"),

  /** Factors rounded to bfloat16, 8 bits of mantissa. About twice as fast again. */
  BFLOAT16("bf16");

  private final String suffix;

  Precision(String suffix) {
    this.suffix = suffix;
  }

  /** The end of a kernel's name. */
  String suffix() {
    return suffix;
  }
}
