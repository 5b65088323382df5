package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * 2-D cross-correlation, {@code y[n, i, j, o] = bias[o] + sum over u, v, c of x[n, i stride + u -
 * top, j stride + v - left, c] weight[o, u, v, c]}, zeros outside x. Inputs: x, weight, and bias or
 * not.
 *
 * <p>Shapes: x {@code [N, H, W, C]}, weight {@code [O, kH, kW, C / groups]}, bias {@code [O]} to y
 * {@code [N, (H + top + bottom - kH) / vertical + 1, the same of W, O]}. Group g takes the g-th run
 * of C / groups channels to the g-th run of O / groups.
 *
 * <p>Gradient: the transposes in x and in weight; {@code dbias = sum of dy over n, i, j}. Saves x
 * and weight.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the shapes are as above and the kernel
 * fits the padded input.
 *
 * @param stride steps down and right
 * @param padding rows and columns of zeros on each side
 * @param groups number of channel groups
 */
public record Conv2d(Stride stride, Padding padding, int groups)
    implements Op.Several<Conv2d.Saved> {
  private static final String OP = "conv2d";

  /** Input, weight, sizes, and whether a bias was added. */
  public record Saved(Tensor x, Tensor weight, Conv2dGeometry geometry, boolean hasBias) {}

  public Conv2d {
    if (stride.vertical() < 1 || stride.horizontal() < 1) {
      throw new IllegalArgumentException("conv2d: strides must be positive; got " + stride);
    }
    if (Math.min(
            Math.min(padding.top(), padding.bottom()), Math.min(padding.left(), padding.right()))
        < 0) {
      throw new IllegalArgumentException("conv2d: padding must not be negative; got " + padding);
    }
    if (groups < 1) {
      throw new IllegalArgumentException("conv2d: groups must be positive; got " + groups);
    }
  }

  @Override
  public Result<Saved> forward(List<Tensor> inputs) {
    Tensor x = inputs.get(0);
    Tensor weight = inputs.get(1);
    Tensor bias = inputs.size() > 2 ? inputs.get(2) : null;
    Conv2dGeometry geometry = geometry(x, weight, bias);
    Shape shape =
        Shape.of(
            geometry.batch(), geometry.outHeight(), geometry.outWidth(), geometry.outChannels());
    Tensor y = x.backend().empty(shape, x.dtype());
    x.backend().run(new Kernel.Conv2d(x, weight, bias, y, geometry));
    return new Result<>(y, new Saved(x, weight, geometry, bias != null));
  }

  private Conv2dGeometry geometry(Tensor x, Tensor weight, @Nullable Tensor bias) {
    Tensor[] operands = bias == null ? new Tensor[] {x, weight} : new Tensor[] {x, weight, bias};
    Shape xs = x.shape();
    Shape ws = weight.shape();
    Check.that(xs.rank() == 4, OP, "x must be [N, H, W, C], not of rank " + xs.rank(), operands);
    Check.that(
        ws.rank() == 4,
        OP,
        "weight must be [O, kH, kW, C / groups], not of rank " + ws.rank(),
        operands);
    Check.that(
        xs.dim(3) % groups == 0 && ws.dim(0) % groups == 0,
        OP,
        "groups must divide channels, " + groups + " of " + xs.dim(3) + " and " + ws.dim(0),
        operands);
    Check.same(OP, "weight must have C / groups channels", ws.dim(3), xs.dim(3) / groups, operands);
    if (bias != null) {
      Check.that(bias.shape().rank() == 1, OP, "bias must be [O]", operands);
      Check.same(OP, "bias must have the weight's O", bias.shape().dim(0), ws.dim(0), operands);
    }
    requireFit("rows", ws.dim(1), xs.dim(1), padding.top(), padding.bottom(), operands);
    requireFit("columns", ws.dim(2), xs.dim(2), padding.left(), padding.right(), operands);
    return new Conv2dGeometry(
        xs.dim(0), xs.dim(1), xs.dim(2), xs.dim(3), ws.dim(0), ws.dim(1), ws.dim(2), stride,
        padding, groups);
  }

  private static void requireFit(
      String what, int kernel, int size, int before, int after, Tensor... operands) {
    long padded = (long) size + before + after;
    Check.that(kernel > 0, OP, "the kernel has no " + what, operands);
    Check.that(
        kernel <= padded && padded <= Integer.MAX_VALUE,
        OP,
        "the kernel's " + what + " must fit padded x, " + kernel + " of " + padded,
        operands);
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Tensor dx = wanted.input(0) ? gradientX(saved, dy) : null;
    Tensor dWeight = wanted.input(1) ? gradientWeight(saved, dy) : null;
    if (!saved.hasBias()) {
      return Op.gradients(dx, dWeight);
    }
    Tensor dBias = wanted.input(2) ? Axes.columnSums(dy, dy.shape().dim(3)) : null;
    return Op.gradients(dx, dWeight, dBias);
  }

  private static Tensor gradientX(Saved saved, Tensor dy) {
    Tensor dx = dy.backend().empty(saved.x().shape(), dy.dtype());
    dy.backend().run(new Kernel.Conv2dInputVjp(dy, saved.weight(), dx, saved.geometry()));
    return dx;
  }

  private static Tensor gradientWeight(Saved saved, Tensor dy) {
    Tensor dWeight = dy.backend().empty(saved.weight().shape(), dy.dtype());
    dy.backend().run(new Kernel.Conv2dWeightVjp(saved.x(), dy, dWeight, saved.geometry()));
    return dWeight;
  }

  /** 1x1, 3x3, strides, uneven padding, groups, patches; with and without bias. */
  public static List<Example<Conv2d>> examples() {
    Stride one = Stride.of(1);
    return List.of(
        Example.of(
            new Conv2d(one, Padding.of(1), 1),
            Shape.of(2, 5, 4, 3),
            Shape.of(2, 3, 3, 3),
            Shape.of(2)),
        Example.of(
            new Conv2d(one, Padding.of(0), 1),
            Shape.of(1, 3, 2, 5),
            Shape.of(4, 1, 1, 5),
            Shape.of(4)),
        Example.of(
            new Conv2d(Stride.of(2), new Padding(0, 1, 0, 1), 1),
            Shape.of(1, 6, 6, 2),
            Shape.of(3, 3, 3, 2),
            Shape.of(3)),
        Example.of(
            new Conv2d(new Stride(2, 1), new Padding(1, 0, 2, 1), 1),
            Shape.of(2, 4, 5, 2),
            Shape.of(3, 2, 3, 2)),
        Example.of(
            new Conv2d(Stride.of(2), Padding.of(1), 1),
            Shape.of(1, 5, 5, 1),
            Shape.of(2, 3, 3, 1),
            Shape.of(2)),
        Example.of(
            new Conv2d(one, Padding.of(1), 2),
            Shape.of(1, 3, 4, 4),
            Shape.of(6, 3, 3, 2),
            Shape.of(6)),
        Example.of(new Conv2d(one, Padding.of(1), 3), Shape.of(1, 4, 3, 3), Shape.of(3, 3, 3, 1)),
        Example.of(
            new Conv2d(Stride.of(2), Padding.of(0), 1), Shape.of(1, 4, 6, 3), Shape.of(5, 2, 2, 3)),
        Example.of(
            new Conv2d(one, Padding.of(0), 1),
            Shape.of(1, 1, 1, 1),
            Shape.of(1, 1, 1, 1),
            Shape.of(1)));
  }
}
