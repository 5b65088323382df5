package dev.azimuth.autograd;

import dev.azimuth.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a {@link GradCheck} found for each leaf.
 *
 * @param leaves in the order in which they were given
 * @param tolerance largest relative error that counts as agreement
 * @param expectedZero names of the leaves whose gradient must be zero or absent
 */
public record GradReport(List<Leaf> leaves, double tolerance, Set<String> expectedZero) {
  /** A report over these leaves. */
  public GradReport {
    leaves = List.copyOf(leaves);
    expectedZero = Set.copyOf(expectedZero);
  }

  /** How a leaf's gradient compares with difference quotients. */
  public enum Verdict {
    /** Equal within the tolerance, and not zero. */
    AGREES,
    /** Both are zero but for rounding: nothing is wrong and little is shown. */
    VANISHES,
    /** There is no gradient, and the value doesn't depend on the leaf. */
    ABSENT,
    /** Unlike, or absent although the value depends on the leaf. */
    DIFFERS
  }

  /**
   * One leaf's outcome, over all directions that were tried.
   *
   * @param name the leaf's name
   * @param shape its shape
   * @param verdict the outcome
   * @param gradient derivative along the worst direction, by the gradient; NaN if it is absent
   * @param quotient the same by difference quotients
   * @param relativeError |gradient - quotient| / max(|gradient|, |quotient|) there; 0 if both
   *     vanish
   * @param quotientError apparent error of the quotient
   * @param worst the elements furthest off, at most five; only where the verdict is {@code DIFFERS}
   */
  public record Leaf(
      String name,
      Shape shape,
      Verdict verdict,
      double gradient,
      double quotient,
      double relativeError,
      double quotientError,
      List<Element> worst) {
    /** An outcome with its worst elements. */
    public Leaf {
      worst = List.copyOf(worst);
    }

    /** Whether zero is what came out, be it as a value or as absence. */
    public boolean isZero() {
      return verdict == Verdict.VANISHES || verdict == Verdict.ABSENT;
    }
  }

  /**
   * One element's partial derivative.
   *
   * @param position its index along each axis
   * @param gradient by the gradient; NaN if that is absent
   * @param quotient by difference quotients
   */
  public record Element(List<Integer> position, double gradient, double quotient) {
    /** A partial derivative at this position. */
    public Element {
      position = List.copyOf(position);
    }
  }

  /**
   * The outcome of the leaf of this name.
   *
   * @throws NoSuchElementException if there is none
   */
  public Leaf leaf(String name) {
    return leaves.stream()
        .filter(leaf -> leaf.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new NoSuchElementException("gradcheck: no leaf " + name));
  }

  /** The largest relative error of all leaves. */
  public double worstRelativeError() {
    return leaves.stream().mapToDouble(Leaf::relativeError).max().orElse(0);
  }

  /** Whether every gradient agrees, and those expected to be zero or absent are. */
  public boolean passed() {
    return leaves.stream().allMatch(this::passed);
  }

  private boolean passed(Leaf leaf) {
    return expectedZero.contains(leaf.name()) ? leaf.isZero() : leaf.verdict() == Verdict.AGREES;
  }

  /** One line for each leaf, the failed ones with their worst elements. */
  @Override
  public String toString() {
    return leaves.stream().map(this::describe).collect(Collectors.joining(System.lineSeparator()));
  }

  private String describe(Leaf leaf) {
    StringBuilder text = new StringBuilder();
    text.append(passed(leaf) ? "ok   " : "FAIL ").append(leaf.name()).append(leaf.shape());
    text.append(": ").append(reason(leaf));
    for (Element element : leaf.worst()) {
      text.append(System.lineSeparator())
          .append("       at ")
          .append(element.position())
          .append(": ")
          .append(numbers(element.gradient(), element.quotient()));
    }
    return text.toString();
  }

  private String reason(Leaf leaf) {
    boolean isZeroExpected = expectedZero.contains(leaf.name());
    return switch (leaf.verdict()) {
      case AGREES ->
          format("%s, relative error %.1e", numbers(leaf), leaf.relativeError())
              + (isZeroExpected ? ", but zero was expected" : "");
      case VANISHES ->
          "zero but for rounding"
              + (isZeroExpected ? "" : ", which shows nothing: take other inputs or expectingZero");
      case ABSENT ->
          "absent, and the value doesn't depend on it"
              + (isZeroExpected ? "" : ": leave it out or expectingZero");
      case DIFFERS ->
          Double.isNaN(leaf.gradient())
              ? format("absent, but the value changes with it at rate %.6g", leaf.quotient())
              : format(
                  "%s, relative error %.1e > %.0e (quotients good to %.0e)",
                  numbers(leaf), leaf.relativeError(), tolerance, leaf.quotientError());
    };
  }

  private static String numbers(Leaf leaf) {
    return numbers(leaf.gradient(), leaf.quotient());
  }

  private static String numbers(double gradient, double quotient) {
    return format("gradient %.12g, by differences %.12g", gradient, quotient);
  }

  private static String format(String pattern, Object... numbers) {
    return String.format(Locale.ROOT, pattern, numbers);
  }

  static List<Integer> position(Shape shape, int flat) {
    Integer[] position = new Integer[shape.rank()];
    int rest = flat;
    for (int axis = shape.rank() - 1; axis >= 0; axis--) {
      position[axis] = rest % shape.dim(axis);
      rest /= shape.dim(axis);
    }
    return Arrays.asList(position);
  }
}
