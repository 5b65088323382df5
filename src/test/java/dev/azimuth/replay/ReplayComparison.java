package dev.azimuth.replay;

import dev.azimuth.replay.ReplayRecord.Values;
import dev.azimuth.tensor.Shape;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * How far a tensor is from the record's, and whether that will do.
 *
 * <p>The error is {@code ‖got - expected‖₂ / ‖expected‖₂}. Where expected is all zeros, an output
 * must be zero exactly, and a gradient's error is {@code ‖got‖₂ / S} with S the largest norm among
 * the record's gradients and cotangents. Integers must be equal.
 *
 * @param tensor the tensor's full name in the record
 * @param error the error as above; infinite where the shape differs
 * @param tolerance the largest error that passes
 * @param worst of a miss, the positions furthest off, for people
 */
public record ReplayComparison(String tensor, double error, double tolerance, String worst) {
  private static final int WORST = 5;

  /** Compares one output or gradient; an absent gradient counts as zeros. */
  public static ReplayComparison of(ReplayRecord record, String tensor, Shape shape, double[] got) {
    Values expected = record.tensor(tensor);
    if (!shape.equals(expected.shape())) {
      return new ReplayComparison(
          tensor, Double.POSITIVE_INFINITY, 0, "shape " + shape + " != " + expected.shape());
    }
    double tolerance = expected.isInteger() ? 0 : record.tolerance();
    double error = error(record, tensor, expected, got);
    String worst = error <= tolerance ? "" : worst(expected.elements(), got);
    return new ReplayComparison(tensor, error, tolerance, worst);
  }

  private static double error(ReplayRecord record, String tensor, Values expected, double[] got) {
    double norm = norm(expected.elements());
    double distance = norm(difference(got, expected.elements()));
    if (distance == 0) {
      return 0;
    }
    if (norm > 0) {
      return distance / norm;
    }
    return tensor.startsWith("grad.") ? distance / scale(record) : Double.POSITIVE_INFINITY;
  }

  /** The largest norm among the record's gradients and cotangents. */
  static double scale(ReplayRecord record) {
    return record.tensors().entrySet().stream()
        .filter(e -> e.getKey().startsWith("grad.") || e.getKey().startsWith("cotangent."))
        .mapToDouble(e -> norm(e.getValue().elements()))
        .max()
        .orElse(0);
  }

  private static double norm(double[] x) {
    return Math.sqrt(Arrays.stream(x).map(v -> v * v).sum());
  }

  private static double[] difference(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).toArray();
  }

  private static String worst(double[] expected, double[] got) {
    double[] distance = difference(got, expected);
    StringBuilder text = new StringBuilder();
    for (int n = 0; n < Math.min(WORST, distance.length); n++) {
      int at = 0;
      for (int i = 1; i < distance.length; i++) {
        at = Math.abs(distance[i]) > Math.abs(distance[at]) ? i : at;
      }
      text.append(" [%d] %s for %s".formatted(at, got[at], expected[at]));
      distance[at] = 0;
    }
    return text.toString();
  }

  /** Whether the error is within the tolerance; NaN never is. */
  public boolean passes() {
    return error <= tolerance;
  }

  @Override
  public String toString() {
    return "%-4s %s: error %.2e, tolerance %.0e%s"
        .formatted(passes() ? "ok" : "MISS", tensor, error, tolerance, passes() ? "" : ";" + worst);
  }
}
