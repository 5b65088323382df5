package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * The same elements, row-major, in another shape. They are shared, not copied.
 *
 * <p>Gradient: dy in x's shape; saves that shape.
 *
 * <p>Throws {@link ShapeException} unless both shapes have equally many elements.
 *
 * @param shape the new shape
 */
public record Reshape(Shape shape) implements Op.Unary<Reshape.Saved> {
  /** The input's shape. */
  public record Saved(Shape shape) {}

  /**
   * The shape that {@code dims} mean for the elements of {@code from}: one of them may be -1 and
   * becomes what is left.
   *
   * @throws ShapeException if two are -1, another is negative, or the numbers of elements differ
   */
  public static Shape resolve(Shape from, int... dims) {
    int open = -1;
    long known = 1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == -1 && open < 0) {
        open = i;
      } else if (dims[i] < 0) {
        throw new ShapeException(
            "reshape", "one size may be -1, none else negative, " + Arrays.toString(dims), from);
      } else {
        known = Math.min(known * dims[i], Integer.MAX_VALUE); // a product too large stays too large
      }
    }
    if (open < 0) {
      requireSize(from, dims, known);
      return Shape.of(dims);
    }
    if (known == 0 || from.size() % known != 0) {
      throw new ShapeException(
          "reshape",
          from.size() + " elements don't divide by " + known + " in " + Arrays.toString(dims),
          from);
    }
    int[] resolved = dims.clone();
    resolved[open] = (int) (from.size() / known);
    return Shape.of(resolved);
  }

  private static void requireSize(Shape from, int[] dims, long size) {
    if (size != from.size()) {
      throw new ShapeException(
          "reshape",
          "elements must be as many, " + from.size() + " don't fill " + Arrays.toString(dims),
          from);
    }
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    Check.same("reshape", "elements must be as many", x.shape().size(), shape.size(), x);
    return new Result<>(Axes.view(x, shape), new Saved(x.shape()));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    return Axes.view(dy, saved.shape());
  }

  /** More axes, fewer axes, and none. */
  public static List<Example<Reshape>> examples() {
    return List.of(
        Example.of(new Reshape(Shape.of(2, 3, 5)), Shape.of(6, 5)),
        Example.of(new Reshape(Shape.of(12)), Shape.of(2, 1, 6)),
        Example.of(new Reshape(Shape.of()), Shape.of(1, 1)));
  }
}
