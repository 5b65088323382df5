package dev.azimuth.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Operands whose shapes don't fit an operation: which one, the rule with its numbers, the shapes.
 */
public final class ShapeException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String op;
  private final String rule;
  private final transient List<Shape> shapes;

  /** A violated {@code rule} of {@code op}, given operands of these shapes. */
  public ShapeException(String op, String rule, Shape... shapes) {
    super(
        op
            + ": "
            + rule
            + Arrays.stream(shapes)
                .map(Shape::toString)
                .collect(Collectors.joining(", ", shapes.length == 0 ? "" : "; got ", "")));
    this.op = op;
    this.rule = rule;
    this.shapes = List.of(shapes);
  }

  /** The operation that was asked for. */
  public String op() {
    return op;
  }

  /** What had to hold, with the numbers that break it. */
  public String rule() {
    return rule;
  }

  /** Every operand's shape. */
  public List<Shape> shapes() {
    return shapes;
  }
}
