package dev.azimuth.autograd;

import java.util.Set;

/**
 * How a {@link GradCheck} is done.
 *
 * @param tolerance largest relative error that counts as agreement
 * @param step first step of the difference quotients
 * @param directions random directions for each leaf
 * @param seed of directions and weights
 * @param gradientFactor what gradients are multiplied by before they are compared
 * @param expectedZero names of the leaves whose gradient must be zero or absent
 */
record CheckSettings(
    double tolerance,
    double step,
    int directions,
    long seed,
    double gradientFactor,
    Set<String> expectedZero) {
  static final CheckSettings DEFAULT = new CheckSettings(1e-7, 1.0 / 32, 2, 20260, 1, Set.of());

  CheckSettings withTolerance(double other) {
    return new CheckSettings(other, step, directions, seed, gradientFactor, expectedZero);
  }

  CheckSettings withStep(double other) {
    return new CheckSettings(tolerance, other, directions, seed, gradientFactor, expectedZero);
  }

  CheckSettings withDirections(int other) {
    return new CheckSettings(tolerance, step, other, seed, gradientFactor, expectedZero);
  }

  CheckSettings withSeed(long other) {
    return new CheckSettings(tolerance, step, directions, other, gradientFactor, expectedZero);
  }

  CheckSettings withGradientFactor(double other) {
    return new CheckSettings(tolerance, step, directions, seed, other, expectedZero);
  }

  CheckSettings withExpectedZero(Set<String> other) {
    return new CheckSettings(tolerance, step, directions, seed, gradientFactor, other);
  }
}
