package dev.azimuth.app;

import dev.azimuth.app.EvaluationReport.Pair;

/**
 * A figure of a guess at a new view.
 *
 * @param name with the network that it hangs on, where it hangs on one
 * @param unit {@code dB} or nothing
 * @param isHigherBetter whether more is better
 * @param value of a guess [size, size, 3] in [-1, 1]; NaN where the figure isn't of that pair
 */
record Measure(String name, String unit, boolean isHigherBetter, Value value) {
  /** Scores a guess. */
  @FunctionalInterface
  interface Value {
    /** The figure of a guess at a pair's target. */
    double of(float[] guess, Pair pair);
  }
}
