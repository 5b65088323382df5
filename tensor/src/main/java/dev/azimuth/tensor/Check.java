package dev.azimuth.tensor;

import java.util.Arrays;

/** Shape rules that operations share; each throws {@link ShapeException} naming op and numbers. */
public final class Check {
  private Check() {}

  /** {@code x} must have {@code rank} axes. */
  public static void rank(String op, String name, Tensor x, int rank) {
    if (x.shape().rank() != rank) {
      throw new ShapeException(
          op, name + " must have rank " + rank + ", not " + x.shape().rank(), x.shape());
    }
  }

  /** {@code x} must have at least {@code rank} axes. */
  public static void rankAtLeast(String op, String name, Tensor x, int rank) {
    if (x.shape().rank() < rank) {
      throw new ShapeException(
          op, name + " must have rank " + rank + " or more, not " + x.shape().rank(), x.shape());
    }
  }

  /** {@code x} must have exactly these sizes; -1 stands for any. */
  public static void shape(String op, String name, Tensor x, int... dims) {
    boolean fits = x.shape().rank() == dims.length;
    for (int i = 0; fits && i < dims.length; i++) {
      fits = dims[i] < 0 || dims[i] == x.shape().dim(i);
    }
    if (!fits) {
      String wanted = Arrays.toString(dims).replace("-1", "any");
      throw new ShapeException(op, name + " must be " + wanted, x.shape());
    }
  }

  /** {@code got} must equal {@code wanted}; {@code rule} says what they are. */
  public static void same(String op, String rule, int got, int wanted, Tensor... operands) {
    if (got != wanted) {
      throw new ShapeException(
          op,
          rule + ", " + got + " != " + wanted,
          Arrays.stream(operands).map(Tensor::shape).toArray(Shape[]::new));
    }
  }

  /** {@code condition} must hold; {@code rule} says it with its numbers. */
  public static void that(boolean condition, String op, String rule, Tensor... operands) {
    if (!condition) {
      throw new ShapeException(
          op, rule, Arrays.stream(operands).map(Tensor::shape).toArray(Shape[]::new));
    }
  }
}
