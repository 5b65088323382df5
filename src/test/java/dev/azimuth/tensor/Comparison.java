package dev.azimuth.tensor;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** An output of a float32 kernel beside its exact values and their tolerances. */
@SuppressWarnings("ArrayRecordComponent")
record Comparison(String output, Shape shape, double[] exact, float[] got, double[] tolerance) {
  /** Where results may be flushed to 0: exponentials are below twice the smallest normal float. */
  private static final double UNDERFLOW = 2.0 * Float.MIN_NORMAL;

  private static final int WORST = 5;

  /** Whether every element is within its tolerance. */
  boolean fits() {
    return IntStream.range(0, exact.length).allMatch(i -> excess(i) <= 1);
  }

  /** The error of an element over its tolerance; infinite where no tolerance applies. */
  private double excess(int i) {
    float rounded = (float) exact[i];
    if (Float.isNaN(rounded) || Float.isInfinite(rounded)) {
      return Float.compare(rounded, got[i]) == 0 ? 0 : Double.POSITIVE_INFINITY;
    }
    double error = Math.abs(got[i] - exact[i]);
    double excess = error == 0 ? 0 : error / (tolerance[i] + UNDERFLOW);
    return Double.isNaN(excess) ? Double.POSITIVE_INFINITY : excess;
  }

  /** Results that no tolerance worth having lets pass. */
  enum Wrong {
    ZEROS,
    SCALED,
    SHIFTED;

    private float[] of(float[] got) {
      float[] wrong = new float[got.length];
      for (int i = 0; i < got.length; i++) {
        wrong[i] =
            switch (this) {
              case ZEROS -> 0;
              case SCALED -> 1.01f * got[i];
              case SHIFTED -> got[(i + 1) % got.length];
            };
      }
      return wrong;
    }
  }

  /** Whether a wrong result that differs from what was got would be within tolerance. */
  boolean accepts(Wrong kind) {
    float[] wrong = kind.of(got);
    boolean differs = false;
    for (int i = 0; i < wrong.length; i++) {
      differs |= wrong[i] != got[i] && !Float.isNaN(wrong[i]);
    }
    // nothing to reject where the change changes nothing: no elements, all 0, all equal
    return differs && new Comparison(output, shape, exact, wrong, tolerance).fits();
  }

  /** The five worst positions, one a line. */
  String report() {
    List<Integer> worst =
        IntStream.range(0, exact.length)
            .filter(i -> excess(i) > 1)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> excess(i)).reversed())
            .toList();
    return worst.stream()
        .limit(WORST)
        .map(this::line)
        .collect(
            Collectors.joining(
                "\n  ",
                "%s%s: %d of %d elements are off\n  "
                    .formatted(output, shape, worst.size(), exact.length),
                ""));
  }

  private String line(int i) {
    return "[%s] wanted %.9g, got %.9g: off by %.3g, %.3g times the tolerance"
        .formatted(position(i), exact[i], got[i], Math.abs(got[i] - exact[i]), excess(i));
  }

  private String position(int i) {
    int[] strides = shape.strides();
    return IntStream.range(0, shape.rank())
        .mapToObj(axis -> Integer.toString(i / strides[axis] % shape.dim(axis)))
        .collect(Collectors.joining(", "));
  }
}
