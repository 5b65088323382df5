package dev.azimuth.views;

/** A colour in linear light. */
record Rgb(float r, float g, float b) {
  static final Rgb BLACK = new Rgb(0, 0, 0);
  static final Rgb WHITE = new Rgb(1, 1, 1);

  static Rgb grey(float value) {
    return new Rgb(value, value, value);
  }

  /** From sRGB-encoded numbers; what lies outside [0, 1] is clamped. */
  static Rgb ofSrgb(double r, double g, double b) {
    return new Rgb(decode(r), decode(g), decode(b));
  }

  private static float decode(double value) {
    return (float) Srgb.toLinear(Math.clamp(value, 0, 1));
  }

  float max() {
    return Math.max(r, Math.max(g, b));
  }

  boolean isBlack() {
    return max() <= 0;
  }
}
