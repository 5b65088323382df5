package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Taps;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Means of square windows; windows that would reach over the border are dropped.
 *
 * <p>Shapes: x {@code [N, H, W, C]} to y {@code [N, (H - kernel) / stride + 1, (W - kernel) /
 * stride + 1, C]}.
 *
 * <p>Gradient: dy / kernel² to each pixel of its window; saves the windows.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless x has rank 4 and holds a window.
 *
 * @param kernel rows and columns of a window
 * @param stride step from one to the next
 */
public record AvgPool2d(int kernel, int stride) implements Op.Unary<AvgPool2d.Saved> {
  /** The map along each axis. */
  public record Saved(Taps rows, Taps columns) {}

  public AvgPool2d {
    if (kernel < 1 || stride < 1) {
      throw new IllegalArgumentException(
          "avg_pool2d: kernel and stride must be positive; got " + kernel + " and " + stride);
    }
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    Check.rank("avg_pool2d", "x", x, 4);
    int smaller = Math.min(x.shape().dim(1), x.shape().dim(2));
    Check.that(
        kernel <= smaller, "avg_pool2d", "a window must fit x, " + kernel + " > " + smaller, x);
    Saved saved = new Saved(windows(x.shape().dim(1)), windows(x.shape().dim(2)));
    return new Result<>(Resize.resample(x, saved.rows(), saved.columns()), saved);
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    return Resize.resample(dy, saved.rows().transposed(), saved.columns().transposed());
  }

  private Taps windows(int inputs) {
    int outputs = (inputs - kernel) / stride + 1;
    int[] start = new int[outputs + 1];
    int[] index = new int[outputs * kernel];
    float[] weight = new float[outputs * kernel];
    Arrays.fill(weight, 1f / kernel);
    for (int i = 0; i < outputs; i++) {
      start[i + 1] = (i + 1) * kernel;
      for (int j = 0; j < kernel; j++) {
        index[i * kernel + j] = i * stride + j;
      }
    }
    return new Taps(inputs, start, index, weight);
  }

  /** Windows side by side, overlapping, apart, and with a rest. */
  public static List<Example<AvgPool2d>> examples() {
    return List.of(
        Example.of(new AvgPool2d(2, 2), Shape.of(2, 4, 6, 3)),
        Example.of(new AvgPool2d(2, 2), Shape.of(1, 5, 3, 1)),
        Example.of(new AvgPool2d(3, 1), Shape.of(1, 4, 5, 2)),
        Example.of(new AvgPool2d(1, 2), Shape.of(1, 3, 4, 1)));
  }
}
