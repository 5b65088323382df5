package dev.azimuth.autograd;

import dev.azimuth.autograd.GradReport.Element;
import dev.azimuth.autograd.GradReport.Leaf;
import dev.azimuth.autograd.GradReport.Verdict;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Compares one leaf's gradient with difference quotients. */
final class LeafProbe {
  private static final int REDRAWS = 32;
  private static final int WORST = 5;
  private static final int ELEMENTS_SEARCHED = 64;

  private final String name;
  private final Tensor leaf;
  private final double @Nullable [] gradient;
  private final Supplier<Tensor> f;
  private final double[] u;
  private final double zero;
  private final CheckSettings settings;
  private final double[] x;

  /**
   * A probe of one leaf.
   *
   * @param gradient of sum(u f) in the leaf, or null where it is absent
   * @param f the function, which holds the leaf
   * @param u what each value of f is weighted by
   * @param zero derivatives up to this size are rounding
   */
  LeafProbe(
      String name,
      Tensor leaf,
      double @Nullable [] gradient,
      Supplier<Tensor> f,
      double[] u,
      double zero,
      CheckSettings settings) {
    this.name = name;
    this.leaf = leaf;
    this.gradient = gradient;
    this.f = f;
    this.u = u;
    this.zero = zero;
    this.settings = settings;
    this.x = leaf.toDoubles();
  }

  Leaf outcome(SplittableRandom random) {
    List<Leaf> outcomes = new ArrayList<>();
    for (int i = 0; i < settings.directions(); i++) {
      Leaf outcome = compare(direction(random));
      if (outcome.verdict() == Verdict.DIFFERS) {
        return outcome;
      }
      outcomes.add(outcome);
    }
    // one direction that agrees shows that the gradient isn't zero
    return Collections.max(
        outcomes,
        Comparator.comparing((Leaf outcome) -> outcome.verdict() == Verdict.AGREES)
            .thenComparing(Leaf::relativeError));
  }

  /** A direction along which the gradient's terms don't cancel, if there is one. */
  private double[] direction(SplittableRandom random) {
    double[] v = signed(x.length, random);
    for (int i = 0; gradient != null && i < REDRAWS && cancels(gradient, v); i++) {
      v = signed(x.length, random);
    }
    return v;
  }

  private static boolean cancels(double[] gradient, double[] v) {
    double squares = 0;
    for (int i = 0; i < v.length; i++) {
      squares += gradient[i] * v[i] * (gradient[i] * v[i]);
    }
    return Math.abs(dot(gradient, v)) < 0.5 * Math.sqrt(squares);
  }

  private Leaf compare(double[] v) {
    DifferenceQuotient quotient = quotient(v);
    double numeric = quotient.value();
    if (gradient == null) {
      Verdict verdict = numeric == 0 ? Verdict.ABSENT : Verdict.DIFFERS;
      return leaf(verdict, Double.NaN, quotient, numeric == 0 ? 0 : 1);
    }
    double analytic = dot(gradient, v);
    double larger = Math.max(Math.abs(analytic), Math.abs(numeric));
    if (larger <= zero) {
      return leaf(Verdict.VANISHES, analytic, quotient, 0);
    }
    double error = Math.abs(analytic - numeric) / larger;
    // written so that NaN differs
    Verdict verdict = error <= settings.tolerance() ? Verdict.AGREES : Verdict.DIFFERS;
    return leaf(verdict, analytic, quotient, error);
  }

  private Leaf leaf(Verdict verdict, double analytic, DifferenceQuotient quotient, double error) {
    return new Leaf(
        name,
        leaf.shape(),
        verdict,
        analytic,
        quotient.value(),
        error,
        quotient.error(),
        verdict == Verdict.DIFFERS ? worst() : List.of());
  }

  /** The elements whose partial derivatives are furthest off, of at most a few that are tried. */
  private List<Element> worst() {
    int tried = Math.min(x.length, ELEMENTS_SEARCHED);
    return IntStream.range(0, tried)
        .map(i -> (int) ((long) i * x.length / tried))
        .mapToObj(this::partial)
        .sorted(Comparator.comparingDouble(LeafProbe::distance).reversed())
        .limit(WORST)
        .toList();
  }

  private Element partial(int i) {
    double[] axis = new double[x.length];
    axis[i] = 1;
    return new Element(
        GradReport.position(leaf.shape(), i),
        gradient == null ? Double.NaN : gradient[i],
        quotient(axis).value());
  }

  private static double distance(Element element) {
    double analytic = Double.isNaN(element.gradient()) ? 0 : element.gradient();
    return Math.abs(analytic - element.quotient());
  }

  /** The derivative of sum(u f) along v; the leaf's elements are restored. */
  private DifferenceQuotient quotient(double[] v) {
    try {
      return DifferenceQuotient.of(
          t -> {
            double[] moved = new double[x.length];
            Arrays.setAll(moved, i -> x[i] + t * v[i]);
            leaf.backend().upload(moved, leaf.buffer());
            return f.get().toDoubles();
          },
          u,
          settings.step(),
          settings.tolerance() / 1000);
    } finally {
      leaf.backend().upload(x, leaf.buffer());
    }
  }

  /** Numbers in ±(0.5, 1): every element counts about as much as any other. */
  static double[] signed(int length, SplittableRandom random) {
    return random.doubles(length).map(d -> d < 0.5 ? -(0.5 + d) : d).toArray();
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
