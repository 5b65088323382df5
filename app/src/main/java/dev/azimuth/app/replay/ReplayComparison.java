package dev.azimuth.app.replay;

import dev.azimuth.app.replay.ReplayRecord.Values;
import dev.azimuth.tensor.Shape;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How far a tensor is from the record's, and whether that will do.
 *
 * <p>The error is {@code ‖got - expected‖₂ / ‖expected‖₂}. Where expected is all zeros, an output
 * must be zero exactly, and a gradient's error is {@code ‖got‖₂ / S} with S the largest norm among
 * the record's gradients and cotangents. Integers and infinities must be equal.
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
    String worst = error <= tolerance ? "" : worst(expected, got);
    return new ReplayComparison(tensor, error, tolerance, worst);
  }

  private static double error(ReplayRecord record, String tensor, Values expected, double[] got) {
    double norm = norm(Arrays.stream(expected.elements()).filter(Double::isFinite).toArray());
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
    // equal infinities differ by nothing
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] == b[i] ? 0 : a[i] - b[i]).toArray();
  }

  private static String worst(Values expected, double[] got) {
    double[] distance = difference(got, expected.elements());
    return IntStream.range(0, distance.length)
        .boxed()
        // NaN counts as the largest
        .sorted(Comparator.<Integer>comparingDouble(i -> Math.abs(distance[i])).reversed())
        .limit(WORST)
        .filter(i -> distance[i] != 0)
        .map(i -> position(expected.shape(), i) + " " + got[i] + " for " + expected.elements()[i])
        .collect(Collectors.joining(", "));
  }

  /** Row-major element {@code i}'s place in a shape, as [2, 0, 5]. */
  private static String position(Shape shape, int i) {
    int[] index = new int[shape.rank()];
    int rest = i;
    for (int axis = index.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape.dim(axis);
      rest /= shape.dim(axis);
    }
    return Arrays.toString(index);
  }

  /** Whether the error is within the tolerance; NaN never is. */
  public boolean passes() {
    return error <= tolerance;
  }

  /** One line, the tensor's name filled up to {@code width}. */
  public String line(int width) {
    String verdict = passes() ? "ok" : "MISS";
    // positions and numbers read the same everywhere
    return String.format(
        Locale.ROOT,
        "%-" + width + "s  error %8.2e  tolerance %7.1e  %s%s",
        tensor,
        error,
        tolerance,
        verdict,
        worst.isEmpty() ? "" : ": " + worst);
  }

  @Override
  public String toString() {
    return line(tensor.length());
  }
}
