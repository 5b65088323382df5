package dev.azimuth.diffusion;

import java.util.Locale;

/** How a camera's move becomes the four numbers that a conditioner takes. */
public enum PoseEncoding {
  /** {@code [Δθ, sin Δφ, cos Δφ, Δr]} (Liu et al. 2023, reference {@code simple.py}). */
  ZERO123 {
    @Override
    public double[] encode(double polar, double azimuth, double radius, double inputPolar) {
      return new double[] {polar, Math.sin(azimuth), Math.cos(azimuth), radius};
    }
  },

  /**
   * {@code [Δθ, sin Δφ, cos Δφ, θ]} with the input view's own polar angle θ, 90° minus its
   * elevation; the distance is dropped (Stable Zero123).
   */
  STABLE_ZERO123 {
    @Override
    public double[] encode(double polar, double azimuth, double radius, double inputPolar) {
      return new double[] {polar, Math.sin(azimuth), Math.cos(azimuth), inputPolar};
    }
  };

  /** As a command line spells it: {@code stable-zero123}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The four numbers.
   *
   * @param polar Δθ: by how much the polar angle from +Z grows, radians
   * @param azimuth Δφ, radians
   * @param radius Δr: by how much the distance from the origin grows
   * @param inputPolar θ of the input view, radians
   */
  public abstract double[] encode(double polar, double azimuth, double radius, double inputPolar);
}
