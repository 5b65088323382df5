package dev.azimuth.tensor;

import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reductions, the softmax family, resampling and pooling. */
final class ReductionCases {
  private static final int[] WIDTHS = {1, 2, 3, 7, 8, 9, 16, 17, 33, 64, 77, 257, 1023, 5003};

  private ReductionCases() {}

  static List<KernelCase> all() {
    List<KernelCase> cases = new ArrayList<>(reductions());
    for (int width : WIDTHS) {
      cases.addAll(softmax(1, width, 1));
      cases.addAll(softmax(5, width, 3));
    }
    cases.addAll(softmax(0, 5, 1));
    cases.addAll(softmax(701, 33, 1));
    // scores as large as they come before a mask, and far from zero
    cases.addAll(softmax(3, 67, 1000));
    cases.addAll(maskedSoftmax());
    cases.addAll(resamplings());
    cases.addAll(pools());
    return cases;
  }

  private static List<KernelCase> reductions() {
    int[][] sizes = {
      {1, 1, 1},
      {3, 1, 5},
      {1, 7, 1},
      {5, 17, 1},
      {1, 17, 5},
      {3, 33, 16},
      {2, 9, 67},
      {4, 64, 3},
      {1, 100_003, 1},
      {1, 4099, 17},
      {7, 5, 1031},
      {1, 1000, 1280},
      {3, 20_000, 1},
      {300, 40, 2},
      {0, 3, 4},
      {3, 4, 0},
      {2, 0, 3},
      {3, 0, 1}
    };
    List<KernelCase> cases = new ArrayList<>();
    for (Reduction reduction : Reduction.values()) {
      for (int[] size : sizes) {
        cases.add(
            KernelCase.of(
                "%s of %s".formatted(reduction, Arrays.toString(size)),
                () ->
                    new Kernel.Reduce(
                        reduction,
                        new Draw(size[1]).normalAround(0.1, 1, size),
                        Draw.empty(size[0], size[2]),
                        size[0],
                        size[1],
                        size[2])));
      }
    }
    return cases;
  }

  private static List<KernelCase> softmax(int rows, int columns, double spread) {
    String label = "%d × %d, spread %s".formatted(rows, columns, spread);
    KernelCase softmaxVjp = KernelCase.of(label, () -> softmaxVjp(rows, columns, spread));
    KernelCase logSoftmax = KernelCase.of(label, () -> logSoftmax(rows, columns, spread));
    // one column is certain: no choice, no gradient
    boolean certain = columns == 1 || spread > 100;
    return List.of(
        KernelCase.of(label, () -> softmax(x(rows, columns, spread))),
        certain ? softmaxVjp.vanishing("dx") : softmaxVjp,
        logSoftmax,
        columns == 1
            ? KernelCase.of(label, () -> logSoftmaxVjp(rows, columns, spread)).vanishing("dx")
            : KernelCase.of(label, () -> logSoftmaxVjp(rows, columns, spread)));
  }

  private static Tensor x(int rows, int columns, double spread) {
    return new Draw(columns).normalAround(1, spread, rows, columns);
  }

  private static Kernel.Softmax softmax(Tensor x) {
    return new Kernel.Softmax(x, Draw.emptyLike(x), x.shape().dim(0), x.shape().dim(1));
  }

  private static Kernel softmaxVjp(int rows, int columns, double spread) {
    Kernel.Softmax forward = softmax(x(rows, columns, spread));
    Tensor y = Draw.after(forward, forward.y());
    Tensor dy = new Draw(-1).normal(rows, columns);
    return new Kernel.SoftmaxVjp(y, dy, Draw.emptyLike(y), rows, columns);
  }

  private static Kernel.LogSoftmax logSoftmax(int rows, int columns, double spread) {
    Tensor x = x(rows, columns, spread);
    return new Kernel.LogSoftmax(x, Draw.emptyLike(x), rows, columns);
  }

  private static Kernel logSoftmaxVjp(int rows, int columns, double spread) {
    Kernel.LogSoftmax forward = logSoftmax(rows, columns, spread);
    Tensor y = Draw.after(forward, forward.y());
    Tensor dy = new Draw(-1).normal(rows, columns);
    return new Kernel.LogSoftmaxVjp(y, dy, Draw.emptyLike(y), rows, columns);
  }

  private static List<KernelCase> maskedSoftmax() {
    double masked = Double.NEGATIVE_INFINITY;
    double[] values = new double[3 * 19];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 19 > 4 + i / 19 ? masked : Math.sin(i);
    }
    Tensor x = Draw.of(Shape.of(3, 19), values);
    return List.of(
        KernelCase.of("masked by -infinity", () -> softmax(x)),
        KernelCase.of(
            "masked by -infinity", () -> new Kernel.LogSoftmax(x, Draw.emptyLike(x), 3, 19)));
  }

  private static List<KernelCase> resamplings() {
    List<KernelCase> cases = new ArrayList<>();
    int[][] sizes = {
      {1, 1, 1, 1, 1, 1},
      {2, 4, 4, 8, 8, 17},
      {1, 7, 5, 3, 11, 3},
      {1, 8, 8, 16, 16, 64},
      {3, 5, 5, 5, 5, 1},
      {1, 9, 1, 4, 1, 33},
      {1, 16, 16, 5, 40, 7}
    };
    for (int[] size : sizes) {
      int outHeight = size[3];
      int outWidth = size[4];
      for (boolean nearest : new boolean[] {true, false}) {
        cases.add(
            KernelCase.of(
                "%s, %s".formatted(Arrays.toString(size), nearest ? "nearest" : "random weights"),
                () -> {
                  Draw draw = new Draw(size[1]);
                  return new Kernel.Resample(
                      draw.normal(size[0], size[1], size[2], size[5]),
                      nearest ? nearest(size[1], outHeight) : random(draw, size[1], outHeight),
                      nearest ? nearest(size[2], outWidth) : random(draw, size[2], outWidth),
                      Draw.empty(size[0], outHeight, outWidth, size[5]));
                }));
        cases.add(
            KernelCase.of(
                "%s, transposed %s"
                    .formatted(Arrays.toString(size), nearest ? "nearest" : "random weights"),
                () -> {
                  Draw draw = new Draw(size[1]);
                  Taps rows =
                      nearest ? nearest(size[1], outHeight) : random(draw, size[1], outHeight);
                  Taps columns =
                      nearest ? nearest(size[2], outWidth) : random(draw, size[2], outWidth);
                  return new Kernel.Resample(
                      draw.normal(size[0], outHeight, outWidth, size[5]),
                      rows.transposed(),
                      columns.transposed(),
                      Draw.empty(size[0], size[1], size[2], size[5]));
                }));
      }
    }
    return cases;
  }

  private static Taps nearest(int inputs, int outputs) {
    int[] start = new int[outputs + 1];
    int[] index = new int[outputs];
    float[] weight = new float[outputs];
    for (int i = 0; i < outputs; i++) {
      start[i + 1] = i + 1;
      index[i] = i * inputs / outputs;
      weight[i] = 1;
    }
    return new Taps(inputs, start, index, weight);
  }

  /** Up to five taps for each output, of either sign, as bicubic interpolation has them. */
  private static Taps random(Draw draw, int inputs, int outputs) {
    int[] start = new int[outputs + 1];
    int[] index = new int[5 * outputs];
    float[] weight = new float[5 * outputs];
    int count = 0;
    for (int i = 0; i < outputs; i++) {
      // an output without taps is 0; the first has some
      int taps = draw.integer(i == 0 ? 1 : 0, 5);
      for (int tap = 0; tap < taps; tap++) {
        index[count] = draw.integer(0, inputs - 1);
        weight[count++] = draw.integer(-300, 1000) / 1000f;
      }
      start[i + 1] = count;
    }
    return new Taps(inputs, start, Arrays.copyOf(index, count), Arrays.copyOf(weight, count));
  }

  private static List<KernelCase> pools() {
    List<KernelCase> cases = new ArrayList<>();
    Padding none = Padding.of(0);
    cases.addAll(pool(new Conv2dGeometry(1, 1, 1, 1, 1, 1, 1, Stride.of(1), none, 1)));
    cases.addAll(pool(new Conv2dGeometry(2, 8, 8, 17, 17, 2, 2, Stride.of(2), none, 17)));
    cases.addAll(pool(new Conv2dGeometry(1, 7, 9, 5, 5, 3, 3, Stride.of(2), Padding.of(1), 5)));
    cases.addAll(pool(new Conv2dGeometry(3, 5, 6, 33, 33, 3, 3, Stride.of(1), Padding.of(1), 33)));
    cases.addAll(pool(new Conv2dGeometry(1, 13, 13, 64, 64, 3, 3, Stride.of(2), none, 64)));
    cases.addAll(
        pool(
            new Conv2dGeometry(1, 6, 4, 3, 3, 4, 2, new Stride(1, 3), new Padding(1, 2, 0, 1), 3)));
    return cases;
  }

  private static List<KernelCase> pool(Conv2dGeometry g) {
    int[] in = {g.batch(), g.height(), g.width(), g.inChannels()};
    int[] out = {g.batch(), g.outHeight(), g.outWidth(), g.outChannels()};
    List<KernelCase> cases = new ArrayList<>();
    for (boolean ties : new boolean[] {false, true}) {
      String label = g + (ties ? " with ties" : "");
      cases.add(
          KernelCase.of(label, () -> new Kernel.MaxPool2d(picture(ties, in), Draw.empty(out), g)));
      cases.add(
          KernelCase.of(
              label,
              () ->
                  new Kernel.MaxPool2dVjp(
                      picture(ties, in), new Draw(-1).normal(out), Draw.empty(in), g)));
    }
    cases.add(
        KernelCase.of(
            g + " of negative values",
            () -> new Kernel.MaxPool2d(new Draw(5).uniform(-9, -3, in), Draw.empty(out), g)));
    return cases;
  }

  private static Tensor picture(boolean ties, int... dims) {
    Draw draw = new Draw(dims[1]);
    return ties ? draw.tied(dims) : draw.normal(dims);
  }
}
