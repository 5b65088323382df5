package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tensors side by side along an axis.
 *
 * <p>Shapes: one or more inputs with equal sizes but along the axis, where y has their sum.
 *
 * <p>Gradient: to each input its part of dy; saves the inputs' shapes.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} if there is no such axis or other sizes
 * differ.
 *
 * @param axis which axis; negative ones count from the end
 */
public record Concat(int axis) implements Op.Several<Concat.Saved> {
  /** Each input's shape. */
  public record Saved(List<Shape> shapes) {}

  @Override
  public Result<Saved> forward(List<Tensor> inputs) {
    Tensor first = inputs.get(0);
    Tensor[] operands = inputs.toArray(Tensor[]::new);
    long total = 0;
    for (Tensor input : inputs) {
      Check.same(
          "concat", "ranks must agree", input.shape().rank(), first.shape().rank(), operands);
      total += input.shape().dim(axis);
      for (int i = 0; i < first.shape().rank(); i++) {
        if (i != first.shape().axis(axis)) {
          Check.same(
              "concat",
              "sizes along axis " + i + " must agree",
              input.shape().dim(i),
              first.shape().dim(i),
              operands);
        }
      }
    }
    Check.that(total <= Integer.MAX_VALUE, "concat", total + " elements are too many", operands);
    Tensor y = first.backend().empty(first.shape().with(axis, (int) total), first.dtype());
    int offset = 0;
    for (Tensor input : inputs) {
      int count = input.shape().dim(axis);
      Slice.copyPart(input, axis, 0, y, offset, count);
      offset += count;
    }
    return new Result<>(y, new Saved(inputs.stream().map(Tensor::shape).toList()));
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    List<@Nullable Tensor> gradients = new ArrayList<>();
    int offset = 0;
    for (int i = 0; i < saved.shapes().size(); i++) {
      int end = offset + saved.shapes().get(i).dim(axis);
      gradients.add(wanted.input(i) ? dy.slice(axis, offset, end) : null);
      offset = end;
    }
    return gradients;
  }

  /** Two and three parts along first, middle and last axis; one part. */
  public static List<Example<Concat>> examples() {
    return List.of(
        Example.of(new Concat(0), Shape.of(1, 3), Shape.of(2, 3)),
        Example.of(new Concat(1), Shape.of(2, 1, 3), Shape.of(2, 4, 3), Shape.of(2, 2, 3)),
        Example.of(new Concat(-1), Shape.of(2, 2, 5), Shape.of(2, 2, 1)),
        Example.of(new Concat(0), Shape.of(3)));
  }
}
