package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * Maxima of square windows; windows that would reach over the padding are dropped.
 *
 * <p>Shapes: x {@code [N, H, W, C]} to y {@code [N, (H + 2 padding - kernel) / stride + 1, the same
 * of W, C]}. Padding never wins.
 *
 * <p>Gradient: dy to the first pixel, row by row, that attains its window's maximum; saves x.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless x has rank 4 and holds a window,
 * {@link IllegalArgumentException} if padding exceeds half the kernel: a window could miss x.
 *
 * @param kernel rows and columns of a window
 * @param stride step from one to the next
 * @param padding border on each side
 */
public record MaxPool2d(int kernel, int stride, int padding) implements Op.Unary<MaxPool2d.Saved> {
  /** The input and the sizes. */
  public record Saved(Tensor x, Conv2dGeometry geometry) {}

  public MaxPool2d {
    if (kernel < 1 || stride < 1) {
      throw new IllegalArgumentException(
          "max_pool2d: kernel and stride must be positive; got " + kernel + " and " + stride);
    }
    if (padding < 0 || padding > kernel / 2) {
      throw new IllegalArgumentException(
          "max_pool2d: padding must be 0 to half the kernel, " + padding + " for " + kernel);
    }
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    Check.rank("max_pool2d", "x", x, 4);
    int smaller = Math.min(x.shape().dim(1), x.shape().dim(2));
    Check.that(smaller > 0, "max_pool2d", "x has no pixels", x);
    long room = smaller + 2L * padding;
    Check.that(
        kernel <= room, "max_pool2d", "a window must fit padded x, " + kernel + " > " + room, x);
    Conv2dGeometry geometry = geometry(x.shape());
    Shape shape =
        Shape.of(
            geometry.batch(), geometry.outHeight(), geometry.outWidth(), geometry.outChannels());
    Tensor y = x.backend().empty(shape, x.dtype());
    x.backend().run(new Kernel.MaxPool2d(x, y, geometry));
    return new Result<>(y, new Saved(x, geometry));
  }

  private Conv2dGeometry geometry(Shape x) {
    int channels = x.dim(3);
    return new Conv2dGeometry(
        x.dim(0),
        x.dim(1),
        x.dim(2),
        channels,
        channels,
        kernel,
        kernel,
        Stride.of(stride),
        Padding.of(padding),
        channels);
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    Tensor dx = dy.backend().empty(saved.x().shape(), dy.dtype());
    dy.backend().run(new Kernel.MaxPool2dVjp(saved.x(), dy, dx, saved.geometry()));
    return dx;
  }

  /** Windows side by side, overlapping, padded, and with a rest. */
  public static List<Example<MaxPool2d>> examples() {
    return List.of(
        Example.of(new MaxPool2d(2, 2, 0), Shape.of(1, 4, 6, 2)).apart(0.01),
        Example.of(new MaxPool2d(3, 2, 1), Shape.of(2, 5, 4, 1)).apart(0.01),
        Example.of(new MaxPool2d(3, 1, 0), Shape.of(1, 3, 5, 3)).apart(0.01),
        Example.of(new MaxPool2d(2, 3, 1), Shape.of(1, 1, 1, 1)).apart(0.01));
  }
}
