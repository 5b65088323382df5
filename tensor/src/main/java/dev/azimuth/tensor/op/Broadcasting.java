package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Repetition along axes of size 1 and new leading axes, and its transpose, the sum over them. */
final class Broadcasting {
  private Broadcasting() {}

  /**
   * The shape that all of {@code shapes} broadcast to.
   *
   * @throws ShapeException naming the operands' whole shapes, of which {@code shapes} may be parts
   */
  static Shape common(String op, List<Shape> shapes, Tensor... operands) {
    Shape common = Shape.of();
    try {
      for (Shape shape : shapes) {
        common = Shape.broadcast(op, common, shape);
      }
    } catch (ShapeException e) {
      Shape[] whole = Arrays.stream(operands).map(Tensor::shape).toArray(Shape[]::new);
      throw new ShapeException(op, e.rule(), whole);
    }
    return common;
  }

  /** x repeated to a shape that it broadcasts to; x itself if it has that shape. */
  static Tensor expand(Tensor x, Shape target) {
    if (x.shape().equals(target)) {
      return x;
    }
    Tensor y = x.backend().empty(target, x.dtype());
    x.backend()
        .run(
            new Kernel.Copy(
                x,
                0,
                x.shape().broadcastStrides(target),
                y,
                0,
                target.strides(),
                target.toArray()));
    return y;
  }

  /** dy summed over all that {@code target} was repeated along; dy itself if nothing was. */
  static Tensor sumTo(Tensor dy, Shape target) {
    Shape from = dy.shape();
    if (from.equals(target)) {
      return dy;
    }
    int missing = from.rank() - target.rank();
    boolean[] repeated = new boolean[from.rank()];
    for (int i = 0; i < repeated.length; i++) {
      repeated[i] = i < missing || target.dim(i - missing) != from.dim(i);
    }
    return Axes.view(Axes.reduce(Reduction.SUM, dy, repeated), target);
  }
}
