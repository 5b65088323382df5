package dev.azimuth.tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Element-wise kernels, and those that only move elements. */
final class ElementwiseCases {
  /** Around the vector widths 4, 8 and 16, primes, none, and more than one task's share. */
  private static final int[] SIZES = {0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 67, 1009, 40_009};

  private static final double[] ODD_VALUES = {
    0, -0.0, 1, -1, 0.5, 1e-30, -1e-30, 1e-42, 3, -3, 9.5, -9.5, 20, -20, 60, -60, 87, -87, 100,
    -100, 1e4, -1e4
  };

  private ElementwiseCases() {}

  static List<KernelCase> all() {
    List<KernelCase> cases = new ArrayList<>();
    for (int size : SIZES) {
      cases.addAll(ofSize(size));
    }
    cases.addAll(oddValues());
    cases.addAll(binary());
    cases.addAll(copies());
    cases.addAll(gathers());
    return cases;
  }

  private static List<KernelCase> ofSize(int size) {
    List<KernelCase> cases = new ArrayList<>();
    for (double value : new double[] {0, 1, 0.1, Double.NEGATIVE_INFINITY, Double.NaN}) {
      cases.add(
          KernelCase.of(
              "%d × %s".formatted(size, value), () -> new Kernel.Fill(Draw.empty(size), value)));
    }
    for (UnaryFunction f : UnaryFunction.values()) {
      cases.add(KernelCase.of(f + " of " + size, () -> unary(f, domain(f, size))));
      cases.add(KernelCase.of(f + " of " + size, () -> unaryVjp(f, domain(f, size))));
    }
    String label = Integer.toString(size);
    cases.add(
        KernelCase.of(
            label, () -> new Kernel.Affine(draw(size).normal(size), 1.7, -0.3, Draw.empty(size))));
    cases.add(
        KernelCase.of(
            label, () -> new Kernel.Clamp(draw(size).normal(size), -0.7, 0.9, Draw.empty(size))));
    cases.add(
        KernelCase.of(
            label + " at the bounds",
            () -> {
              Draw draw = draw(size);
              return new Kernel.ClampVjp(
                  draw.tied(size), -1, 1, draw.normal(size), Draw.empty(size));
            }));
    cases.add(
        KernelCase.of(
            label,
            () -> {
              Draw draw = draw(size);
              return new Kernel.Select(
                  draw.tied(size), draw.normal(size), draw.normal(size), Draw.empty(size));
            }));
    if (size > 0) {
      cases.addAll(optimizer(size));
    }
    if (size < 2000) {
      cases.addAll(geglu(1, size));
      cases.addAll(geglu(5, size));
    }
    return cases;
  }

  private static Draw draw(int seed) {
    return new Draw(seed);
  }

  private static Tensor domain(UnaryFunction f, int size) {
    return switch (f) {
      case LOG, SQRT -> draw(size).uniform(0.01, 9, size);
      case RECIPROCAL -> draw(size).normalAround(3, 0.5, size);
      case EXP, TANH, SIGMOID, SILU, GELU, QUICK_GELU, SOFTPLUS, SIN, COS ->
          draw(size).normalAround(0, 3, size);
      case NEGATE, ABS, SQUARE -> draw(size).normal(size);
    };
  }

  private static Kernel unary(UnaryFunction f, Tensor x) {
    return new Kernel.Unary(f, x, Draw.emptyLike(x));
  }

  private static Kernel unaryVjp(UnaryFunction f, Tensor x) {
    Tensor y = Draw.mapped(f::value, x);
    return new Kernel.UnaryVjp(
        f, x, y, new Draw(-1).normal(x.shape().toArray()), Draw.emptyLike(x));
  }

  private static List<KernelCase> oddValues() {
    List<KernelCase> cases = new ArrayList<>();
    double inf = Double.POSITIVE_INFINITY;
    Tensor special = Draw.of(Shape.of(7), inf, -inf, Double.NaN, 0, -0.0, 88, -103);
    for (UnaryFunction f : UnaryFunction.values()) {
      double[] values = ODD_VALUES;
      if (f == UnaryFunction.LOG || f == UnaryFunction.SQRT) {
        values = Arrays.stream(values).map(v -> Math.max(Math.abs(v), 1e-30)).toArray();
      } else if (f == UnaryFunction.RECIPROCAL || f == UnaryFunction.EXP) {
        // results stay within float32
        values = Arrays.stream(values).filter(v -> Math.abs(v) > 1e-18 && v < 88).toArray();
      } else if (f == UnaryFunction.SIN || f == UnaryFunction.COS) {
        values = Arrays.stream(values).filter(v -> Math.abs(v) <= 100).toArray();
      }
      Tensor x = Draw.of(Shape.of(values.length), values);
      cases.add(KernelCase.of(f + " of odd values", () -> unary(f, x)));
      cases.add(KernelCase.of(f + " of odd values", () -> unaryVjp(f, x)));
      cases.add(KernelCase.of(f + " of infinities and NaN", () -> unary(f, special)));
    }
    cases.add(
        KernelCase.of(
            "infinities and NaN", () -> new Kernel.Clamp(special, -5, inf, Draw.empty(7))));
    cases.add(
        KernelCase.of(
            "by zeros of both signs and NaN",
            () -> new Kernel.Select(special, draw(1).normal(7), draw(2).normal(7), Draw.empty(7))));
    return cases;
  }

  private static List<KernelCase> geglu(int rows, int d) {
    String label = "%d × %d".formatted(rows, d);
    return List.of(
        KernelCase.of(
            label,
            () -> new Kernel.Geglu(draw(d).normalAround(0, 2, rows, 2 * d), Draw.empty(rows, d))),
        KernelCase.of(
            label,
            () -> {
              Tensor x = draw(d).normalAround(0, 2, rows, 2 * d);
              return new Kernel.GegluVjp(x, new Draw(-1).normal(rows, d), Draw.emptyLike(x));
            }));
  }

  private static List<KernelCase> optimizer(int size) {
    List<KernelCase> cases = new ArrayList<>();
    for (long step : new long[] {1, 7, 100_000}) {
      for (double weightDecay : new double[] {0, 0.01}) {
        cases.add(
            KernelCase.of(
                "%d, step %d, weight decay %s".formatted(size, step, weightDecay),
                () -> adamW(size, step, weightDecay)));
      }
    }
    for (double decay : new double[] {0, 0.5, 0.9999}) {
      cases.add(
          KernelCase.of(
              "%d, decay %s".formatted(size, decay),
              () -> {
                Draw draw = draw(size);
                return new Kernel.Ema(draw.normal(size), draw.normal(size), decay);
              }));
    }
    return cases;
  }

  private static Kernel adamW(int size, long step, double weightDecay) {
    Draw draw = draw(size);
    // a first step starts from zero moments
    double moment = step == 1 ? 0 : 0.1;
    return new Kernel.AdamW(
        draw.normal(size),
        draw.normal(size),
        draw.normalAround(0, moment, size),
        draw.uniform(0, moment + 1e-300, size),
        new Kernel.AdamWStep(1e-2, 0.9, 0.999, 1e-8, weightDecay, step));
  }

  private static List<KernelCase> binary() {
    int[][][] shapes = {
      {{}, {}},
      {{1}, {1}},
      {{0}, {1}},
      {{3, 0}, {0}},
      {{7}, {}},
      {{}, {17}},
      {{67}, {67}},
      {{40_009}, {40_009}},
      {{5, 33}, {33}},
      {{33}, {5, 33}},
      {{5, 33}, {5, 1}},
      {{1, 33}, {5, 1}},
      {{300, 320}, {320}},
      {{300, 320}, {300, 1}},
      {{2, 3, 17}, {2, 1, 17}},
      {{2, 3, 17}, {1, 3, 1}},
      {{2, 1, 5, 1, 9}, {3, 1, 4, 9}},
      {{2, 3, 4, 5}, {2, 1, 1, 5}},
      {{1, 1, 1}, {8}},
    };
    List<KernelCase> cases = new ArrayList<>();
    for (BinaryFunction f : BinaryFunction.values()) {
      for (int[][] pair : shapes) {
        cases.add(
            KernelCase.of(
                "%s of %s and %s".formatted(f, Arrays.toString(pair[0]), Arrays.toString(pair[1])),
                () -> binary(f, pair[0], pair[1])));
      }
    }
    return cases;
  }

  private static Kernel binary(BinaryFunction f, int[] a, int[] b) {
    Draw draw = new Draw(a.length);
    Shape y = Shape.broadcast("test", Shape.of(a), Shape.of(b));
    boolean ties = f.isComparison();
    Tensor first = ties ? draw.tied(a) : draw.normal(a);
    Tensor second =
        ties
            ? draw.tied(b)
            : f == BinaryFunction.DIVIDE ? draw.normalAround(4, 0.8, b) : draw.normal(b);
    return new Kernel.Binary(f, first, second, Draw.empty(y.toArray()));
  }

  private static List<KernelCase> copies() {
    List<KernelCase> cases = new ArrayList<>();
    cases.add(permute(new int[] {2, 5, 7, 3}, 0, 3, 1, 2));
    cases.add(permute(new int[] {2, 3, 5, 7}, 0, 2, 3, 1));
    cases.add(permute(new int[] {1, 40, 33}, 0, 2, 1));
    cases.add(permute(new int[] {129, 65}, 1, 0));
    cases.add(permute(new int[] {1, 64}, 1, 0));
    cases.add(permute(new int[] {2, 9, 8, 5}, 0, 2, 1, 3));
    cases.add(permute(new int[] {4, 1, 1, 3, 2, 2}, 5, 3, 1, 0, 2, 4));
    cases.add(permute(new int[] {300, 2, 170}, 2, 1, 0));
    cases.add(permute(new int[] {}));
    for (int seed = 0; seed < 150; seed++) {
      int fixed = seed;
      cases.add(KernelCase.of("random, seed " + seed, () -> randomCopy(new Draw(fixed))));
    }
    return cases;
  }

  private static KernelCase permute(int[] sizes, int... order) {
    return KernelCase.of(
        "permute %s by %s".formatted(Arrays.toString(sizes), Arrays.toString(order)),
        () -> {
          Tensor x = new Draw(1).normal(sizes);
          int[] strides = x.shape().strides();
          int[] walked = Arrays.stream(order).map(axis -> sizes[axis]).toArray();
          Tensor y = new Draw(2).normal(walked);
          int[] xStrides = Arrays.stream(order).map(axis -> strides[axis]).toArray();
          return new Kernel.Copy(x, 0, xStrides, y, 0, y.shape().strides(), walked);
        });
  }

  /** A box out of x, some of its axes repeated, permuted into a box of y. */
  private static Kernel randomCopy(Draw draw) {
    int rank = draw.integer(0, 5);
    int[] sizes = new int[rank];
    int[] xSizes = new int[rank];
    int[] ySizes = new int[rank];
    int[] xFrom = new int[rank];
    int[] yFrom = new int[rank];
    boolean[] repeated = new boolean[rank];
    int limit = rank < 3 ? 70 : 7;
    for (int i = 0; i < rank; i++) {
      sizes[i] = draw.integer(draw.integer(0, 15) == 0 ? 0 : 1, limit);
      repeated[i] = draw.integer(0, 4) == 0;
      xFrom[i] = draw.integer(0, 2);
      yFrom[i] = draw.integer(0, 2);
      xSizes[i] = xFrom[i] + (repeated[i] ? 1 : sizes[i]) + draw.integer(0, 2);
      ySizes[i] = yFrom[i] + sizes[i] + draw.integer(0, 2);
    }
    int[] order = shuffled(draw, rank);
    int[] xPermuted = Arrays.stream(order).map(axis -> xSizes[axis]).toArray();
    Tensor x = draw.normal(xPermuted);
    Tensor y = draw.normal(ySizes);
    int[] xStrides = new int[rank];
    int xOffset = 0;
    int yOffset = 0;
    for (int place = 0; place < rank; place++) {
      int axis = order[place];
      int stride = x.shape().strides()[place];
      xOffset += xFrom[axis] * stride;
      xStrides[axis] = repeated[axis] ? 0 : stride;
      yOffset += yFrom[place] * y.shape().strides()[place];
    }
    return new Kernel.Copy(x, xOffset, xStrides, y, yOffset, y.shape().strides(), sizes);
  }

  private static int[] shuffled(Draw draw, int rank) {
    int[] order = new int[rank];
    for (int i = 0; i < rank; i++) {
      int j = draw.integer(0, i);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  private static List<KernelCase> gathers() {
    List<KernelCase> cases = new ArrayList<>();
    int[][] sizes = {
      {1, 1, 1},
      {3, 5, 0},
      {3, 1, 9},
      {7, 17, 3},
      {50, 64, 200},
      {2, 33, 1001},
      {4, 0, 3},
      {5, 7, 40}
    };
    for (int[] size : sizes) {
      int k = size[0];
      int d = size[1];
      int rows = size[2];
      String label = "%d of %d rows of %d".formatted(rows, k, d);
      cases.add(
          KernelCase.of(
              label,
              () -> {
                Draw draw = new Draw(d);
                return new Kernel.Gather(
                    draw.normal(k, d), draw.indices(rows, k), Draw.empty(rows, d));
              }));
      cases.add(
          KernelCase.of(
              label,
              () -> {
                Draw draw = new Draw(d);
                return new Kernel.GatherVjp(
                    draw.normal(rows, d), draw.indices(rows, k), Draw.empty(k, d));
              }));
    }
    return cases;
  }
}
