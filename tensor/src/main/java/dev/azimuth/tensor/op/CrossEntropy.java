package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * {@code y = -mean over rows of (x - ln sum exp(x))[label]}.
 *
 * <p>Shapes: logits x {@code [rows, classes]}, a label for each row, to a scalar y {@code []}.
 *
 * <p>Gradient: {@code dx = dy / rows * (softmax(x) - 1 at the label)}; saves log softmax of x.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless x has rank 2 and as many rows as there
 * are labels, at least one; {@link IllegalArgumentException} if a label isn't in 0 to classes - 1.
 *
 * @param labels each row's class
 */
@SuppressWarnings("ArrayRecordComponent") // cloned on the way in and out, and never compared
public record CrossEntropy(int[] labels) implements Op.Unary<CrossEntropy.Saved> {
  /** The logarithm of each class' probability. */
  public record Saved(Tensor logProbability) {}

  public CrossEntropy {
    labels = labels.clone();
  }

  @Override
  public int[] labels() {
    return labels.clone();
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    Check.rank("cross_entropy", "x", x, 2);
    int rows = x.shape().dim(0);
    int classes = x.shape().dim(1);
    Check.same("cross_entropy", "each row needs its label", labels.length, rows, x);
    Check.that(rows > 0, "cross_entropy", "needs a row", x);
    for (int label : labels) {
      if (label < 0 || label >= classes) {
        throw new IllegalArgumentException(
            "cross_entropy: label "
                + label
                + " is out of range for "
                + classes
                + " classes; got x "
                + x.shape());
      }
    }
    Tensor logProbability = x.backend().empty(x.shape(), x.dtype());
    x.backend().run(new Kernel.LogSoftmax(x, logProbability, rows, classes));
    Tensor picked = x.backend().empty(Shape.of(rows, 1), x.dtype());
    Tensor column = Axes.view(logProbability, Shape.of(x.shape().size(), 1));
    x.backend().run(new Kernel.Gather(column, positions(classes), picked));
    Tensor mean = x.backend().empty(Shape.of(), x.dtype());
    x.backend().run(new Kernel.Reduce(Reduction.MEAN, picked, mean, 1, rows, 1));
    return new Result<>(mean.negate(), new Saved(logProbability));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    Shape shape = saved.logProbability().shape();
    int rows = shape.dim(0);
    int classes = shape.dim(1);
    Tensor share = Broadcasting.expand(dy.mul(-1.0 / rows), Shape.of(rows, 1));
    Tensor dLogProbability = dy.backend().empty(shape, dy.dtype());
    Tensor column = Axes.view(dLogProbability, Shape.of(shape.size(), 1));
    dy.backend().run(new Kernel.GatherVjp(share, positions(classes), column));
    Tensor dx = dy.backend().empty(shape, dy.dtype());
    dy.backend()
        .run(new Kernel.LogSoftmaxVjp(saved.logProbability(), dLogProbability, dx, rows, classes));
    return dx;
  }

  private int[] positions(int classes) {
    int[] positions = new int[labels.length];
    for (int row = 0; row < positions.length; row++) {
      positions[row] = row * classes + labels[row];
    }
    return positions;
  }

  @Override
  public String toString() {
    return "CrossEntropy[" + labels.length + " labels]";
  }

  /** Several rows and classes, one of each. */
  public static List<Example<CrossEntropy>> examples() {
    return List.of(
        Example.of(new CrossEntropy(new int[] {0, 4, 2, 2}), Shape.of(4, 5)),
        Example.of(new CrossEntropy(new int[] {1}), Shape.of(1, 3)),
        Example.of(new CrossEntropy(new int[] {0, 0}), Shape.of(2, 1)).withoutGradient(0));
  }
}
