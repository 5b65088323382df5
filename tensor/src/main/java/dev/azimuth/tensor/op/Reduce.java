package dev.azimuth.tensor.op;

import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sum, mean or maximum over axes.
 *
 * <p>Shapes: x of any shape; in y the axes have size 1 if {@code keepDims} and are gone otherwise.
 * No axes: y = x.
 *
 * <p>Gradient, dy repeated along the axes: of a sum {@code dy}, of a mean {@code dy / count}, of a
 * maximum dy in equal shares to all elements that attain it, as {@code torch.amax}. A maximum saves
 * x and y, the others only x's shape.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} if there is no such axis, one comes twice, or
 * a mean or maximum would be of no elements.
 *
 * @param reduction how elements become one
 * @param axes which axes; negative ones count from the end
 * @param keepDims whether they stay, with size 1
 */
public record Reduce(Reduction reduction, List<Integer> axes, boolean keepDims)
    implements Op.Unary<Reduce.Saved> {
  /** The input's shape, the reduced shape with axes kept, and of a maximum both tensors. */
  public record Saved(Shape shape, Shape kept, @Nullable Extremum extremum) {}

  /** A maximum's input, and its value with axes kept. */
  public record Extremum(Tensor x, Tensor y) {}

  public Reduce {
    axes = List.copyOf(axes);
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    boolean[] mask = Axes.mask("reduce", x.shape(), axes);
    Shape kept = Axes.kept(x.shape(), mask);
    Check.that(
        reduction == Reduction.SUM || x.shape().size() > 0 || kept.size() == 0,
        "reduce",
        "a " + reduction + " needs an element, none along axes " + axes,
        x);
    Tensor y = Axes.reduce(reduction, x, mask);
    Extremum extremum = reduction == Reduction.MAX ? new Extremum(x, y) : null;
    Tensor value = keepDims ? y : Axes.view(y, Axes.dropped(x.shape(), mask));
    return new Result<>(value, new Saved(x.shape(), kept, extremum));
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    Tensor dyKept = Axes.view(dy, saved.kept());
    Extremum extremum = saved.extremum();
    if (extremum != null) {
      return spread(extremum, dyKept);
    }
    double count = (double) saved.shape().size() / Math.max(1, saved.kept().size());
    Tensor share = reduction == Reduction.MEAN ? dyKept.mul(1 / count) : dyKept;
    return Broadcasting.expand(share, saved.shape());
  }

  private Tensor spread(Extremum extremum, Tensor dy) {
    Tensor attains = extremum.x().compare(BinaryFunction.EQUAL, extremum.y());
    boolean[] mask = Axes.mask("reduce", extremum.x().shape(), axes);
    return attains.mul(dy.div(Axes.reduce(Reduction.SUM, attains, mask)));
  }

  /** Leading, middle, last, several and all axes. */
  public static List<Example<Reduce>> examples() {
    return List.of(
        Example.of(new Reduce(Reduction.SUM, List.of(0, 1), false), Shape.of(3, 5)),
        Example.of(new Reduce(Reduction.SUM, List.of(1), true), Shape.of(2, 3, 4)),
        Example.of(new Reduce(Reduction.SUM, List.of(0, 2), false), Shape.of(2, 3, 5)),
        Example.of(new Reduce(Reduction.SUM, List.of(), false), Shape.of()),
        Example.of(new Reduce(Reduction.MEAN, List.of(-1), false), Shape.of(4, 7)),
        Example.of(new Reduce(Reduction.MEAN, List.of(0, 1, 3), true), Shape.of(2, 1, 3, 5)),
        Example.of(new Reduce(Reduction.MEAN, List.of(0), false), Shape.of(1)),
        Example.of(new Reduce(Reduction.MAX, List.of(0, 1), false), Shape.of(3, 5)).apart(0.02),
        Example.of(new Reduce(Reduction.MAX, List.of(0, 2), true), Shape.of(2, 3, 5)).apart(0.02),
        Example.of(new Reduce(Reduction.MAX, List.of(1), false), Shape.of(3, 1)).apart(0.02));
  }
}
