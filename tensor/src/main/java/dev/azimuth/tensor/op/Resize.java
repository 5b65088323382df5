package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Taps;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/**
 * Images at another size, as {@code torch.nn.functional.interpolate} without antialiasing.
 *
 * <p>Shapes: x {@code [N, H, W, C]} to y {@code [N, height, width, C]}.
 *
 * <p>Output i of m lies at {@code s = (i + 1/2) n / m - 1/2} among n inputs, or with corners
 * aligned at {@code s = i (n - 1) / (m - 1)}. Along each axis apart: nearest takes input floor(i n
 * / m); bilinear weighs the two neighbours of s by their nearness; bicubic weighs the four
 * neighbours by Keys' cubic kernel with a = -3/4, indices clamped at the border, values not
 * clamped.
 *
 * <p>Gradient: the transposed weights; saves them.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless x has rank 4 and at least one pixel.
 *
 * @param mode how outputs follow from inputs
 * @param height rows of the output
 * @param width columns of the output
 * @param alignCorners whether first and last pixels' centres map to each other; has no meaning for
 *     nearest and must be false there
 */
public record Resize(Mode mode, int height, int width, boolean alignCorners)
    implements Op.Unary<Resize.Saved> {
  private static final double CUBIC = -0.75;

  /** How an output pixel follows from input pixels. */
  public enum Mode {
    NEAREST,
    BILINEAR,
    BICUBIC
  }

  /** The map along each axis. */
  public record Saved(Taps rows, Taps columns) {}

  public Resize {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "resize: sizes must be positive; got " + height + " x " + width);
    }
    if (mode == Mode.NEAREST && alignCorners) {
      throw new IllegalArgumentException("resize: nearest has no corners to align");
    }
  }

  @Override
  public Result<Saved> forward(Tensor x) {
    Check.rank("resize", "x", x, 4);
    Check.that(x.shape().dim(1) > 0 && x.shape().dim(2) > 0, "resize", "x has no pixels", x);
    Saved saved = new Saved(taps(x.shape().dim(1), height), taps(x.shape().dim(2), width));
    return new Result<>(resample(x, saved.rows(), saved.columns()), saved);
  }

  @Override
  public Tensor vjp(Saved saved, Tensor dy) {
    return resample(dy, saved.rows().transposed(), saved.columns().transposed());
  }

  static Tensor resample(Tensor x, Taps rows, Taps columns) {
    Shape shape = Shape.of(x.shape().dim(0), rows.outputs(), columns.outputs(), x.shape().dim(3));
    Tensor y = x.backend().empty(shape, x.dtype());
    x.backend().run(new Kernel.Resample(x, rows, columns, y));
    return y;
  }

  private Taps taps(int inputs, int outputs) {
    int perOutput =
        switch (mode) {
          case NEAREST -> 1;
          case BILINEAR -> 2;
          case BICUBIC -> 4;
        };
    int[] start = new int[outputs + 1];
    int[] index = new int[outputs * perOutput];
    float[] weight = new float[outputs * perOutput];
    for (int i = 0; i < outputs; i++) {
      start[i + 1] = (i + 1) * perOutput;
      int first = start[i];
      switch (mode) {
        case NEAREST -> {
          index[first] = (int) ((long) i * inputs / outputs);
          weight[first] = 1;
        }
        case BILINEAR -> {
          double s = Math.max(0, source(i, inputs, outputs));
          int left = Math.min((int) s, inputs - 1);
          index[first] = left;
          index[first + 1] = Math.min(left + 1, inputs - 1);
          weight[first] = (float) (1 - (s - left));
          weight[first + 1] = (float) (s - left);
        }
        case BICUBIC -> {
          double s = source(i, inputs, outputs);
          int left = (int) Math.floor(s);
          for (int tap = 0; tap < 4; tap++) {
            index[first + tap] = Math.clamp(left - 1L + tap, 0, inputs - 1);
            weight[first + tap] = (float) cubic(Math.abs(s - (left - 1 + tap)));
          }
        }
      }
    }
    return new Taps(inputs, start, index, weight);
  }

  private double source(int i, int inputs, int outputs) {
    if (alignCorners) {
      return outputs == 1 ? 0 : (double) i * (inputs - 1) / (outputs - 1);
    }
    return (i + 0.5) * inputs / outputs - 0.5;
  }

  private static double cubic(double u) {
    return u <= 1
        ? ((CUBIC + 2) * u - (CUBIC + 3)) * u * u + 1
        : ((CUBIC * u - 5 * CUBIC) * u + 8 * CUBIC) * u - 4 * CUBIC;
  }

  /** Every mode up and down, by whole and by odd factors, and from one pixel. */
  public static List<Example<Resize>> examples() {
    return List.of(
        Example.of(new Resize(Mode.NEAREST, 4, 6, false), Shape.of(2, 2, 3, 3)),
        Example.of(new Resize(Mode.NEAREST, 2, 5, false), Shape.of(1, 5, 3, 1)),
        Example.of(new Resize(Mode.BILINEAR, 7, 3, false), Shape.of(2, 3, 5, 2)),
        Example.of(new Resize(Mode.BILINEAR, 1, 4, true), Shape.of(1, 3, 2, 3)),
        Example.of(new Resize(Mode.BICUBIC, 5, 3, false), Shape.of(1, 3, 7, 2)),
        Example.of(new Resize(Mode.BICUBIC, 3, 5, true), Shape.of(2, 5, 4, 1)),
        Example.of(new Resize(Mode.BICUBIC, 2, 2, false), Shape.of(1, 1, 1, 1)));
  }
}
