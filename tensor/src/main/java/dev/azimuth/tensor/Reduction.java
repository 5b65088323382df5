package dev.azimuth.tensor;

/** How a run of elements becomes one. */
public enum Reduction {
  SUM,
  MEAN,
  MAX
}
