package dev.azimuth.kernels;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Taps;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.UnaryFunction;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A task of the sizes that the model has, cut down to what the emulator runs in a second.
 *
 * @param label its sizes
 * @param kernel builds it on a backend
 * @param results elements that it makes
 * @param multiplyAdds those that the task needs at least, by the beginnings of the names of the
 *     kernels that do them
 * @param options how the backend is to compute
 */
record ModelWorkload(
    String label,
    Function<Backend, Kernel> kernel,
    int results,
    Map<String, Double> multiplyAdds,
    CudaOptions options) {

  private static final int ROWS = 64;
  private static final int COLUMNS = 320;
  private static final String MAP = "[64, 320]";

  private ModelWorkload(
      String label,
      Function<Backend, Kernel> kernel,
      int results,
      Map<String, Double> multiplyAdds) {
    this(label, kernel, results, multiplyAdds, CudaOptions.DEFAULT);
  }

  /** A workload for every kernel that is launched. */
  static List<ModelWorkload> all() {
    List<ModelWorkload> all = new ArrayList<>();
    maps(all);
    moves(all);
    rows(all);
    norms(all);
    matmuls(all);
    convolutions(all);
    attentions(all);
    return all;
  }

  /** The useful multiply-adds of a kernel, 0 if it is not there to multiply. */
  double multiplyAdds(String entry) {
    return multiplyAdds.entrySet().stream()
        .filter(e -> entry.startsWith(e.getKey()))
        .mapToDouble(Map.Entry::getValue)
        .findFirst()
        .orElse(0);
  }

  private static void add(
      List<ModelWorkload> all, String label, int results, Function<Backend, Kernel> kernel) {
    all.add(new ModelWorkload(label, kernel, results, Map.of()));
  }

  private static Tensor normal(Backend on, int... dims) {
    Shape shape = Shape.of(dims);
    return Tensor.of(on, shape, new TorchRandom(shape.size()).randn(shape.size()));
  }

  private static Tensor empty(Backend on, int... dims) {
    return on.empty(Shape.of(dims), DType.FLOAT32);
  }

  private static Tensor in(Backend on) {
    return normal(on, ROWS, COLUMNS);
  }

  private static Tensor out(Backend on) {
    return empty(on, ROWS, COLUMNS);
  }

  private static void maps(List<ModelWorkload> all) {
    int size = ROWS * COLUMNS;
    for (UnaryFunction f : UnaryFunction.values()) {
      add(all, MAP, size, on -> new Kernel.Unary(f, in(on), out(on)));
      add(all, MAP, size, on -> new Kernel.UnaryVjp(f, in(on), in(on), in(on), out(on)));
    }
    for (BinaryFunction f : BinaryFunction.values()) {
      add(
          all,
          "[64, 320] and [320]",
          size,
          on -> new Kernel.Binary(f, in(on), normal(on, COLUMNS), out(on)));
    }
    add(all, MAP, size, on -> new Kernel.Fill(out(on), 1));
    add(
        all,
        MAP + " float64",
        size,
        on -> new Kernel.Fill(on.empty(Shape.of(ROWS, COLUMNS), DType.FLOAT64), 1));
    add(all, MAP, size, on -> new Kernel.Affine(in(on), 2, 1, out(on)));
    add(all, MAP, size, on -> new Kernel.Clamp(in(on), -1, 1, out(on)));
    add(all, MAP, size, on -> new Kernel.ClampVjp(in(on), -1, 1, in(on), out(on)));
    add(all, MAP, size, on -> new Kernel.Select(in(on), in(on), in(on), out(on)));
    add(all, "[64, 640]", size, on -> new Kernel.Geglu(normal(on, ROWS, 2 * COLUMNS), out(on)));
    add(
        all,
        "[64, 640]",
        size,
        on ->
            new Kernel.GegluVjp(
                normal(on, ROWS, 2 * COLUMNS), in(on), empty(on, ROWS, 2 * COLUMNS)));
    Kernel.AdamWStep step = new Kernel.AdamWStep(1e-4, 0.9, 0.999, 1e-8, 0.01, 3);
    add(
        all,
        MAP,
        size,
        on -> {
          Tensor square = in(on);
          on.run(new Kernel.Unary(UnaryFunction.SQUARE, in(on), square));
          return new Kernel.AdamW(in(on), in(on), in(on), square, step);
        });
    add(all, MAP, size, on -> new Kernel.Ema(in(on), in(on), 0.999));
  }

  private static void moves(List<ModelWorkload> all) {
    int size = ROWS * COLUMNS;
    int[] sizes = {COLUMNS, ROWS};
    int[] across = {1, COLUMNS};
    int[] along = {ROWS, 1};
    add(
        all,
        "transpose of " + MAP,
        size,
        on -> new Kernel.Copy(in(on), 0, across, out(on), 0, along, sizes));
    add(
        all,
        MAP + " float64",
        size,
        on -> {
          Shape shape = Shape.of(ROWS, COLUMNS);
          Tensor x = Tensor.full(on, DType.FLOAT64, shape, 1);
          int[] strides = {COLUMNS, 1};
          int[] all64 = {ROWS, COLUMNS};
          return new Kernel.Copy(x, 0, strides, on.empty(shape, DType.FLOAT64), 0, strides, all64);
        });
    int[] index = IntStream.range(0, ROWS).map(i -> 7 * i % 77).toArray();
    add(
        all,
        "64 of [77, 320]",
        size,
        on -> new Kernel.Gather(normal(on, 77, COLUMNS), index, out(on)));
    add(
        all,
        "64 to [77, 320]",
        77 * COLUMNS,
        on -> new Kernel.GatherVjp(in(on), index, empty(on, 77, COLUMNS)));
    add(
        all,
        MAP + " in half precision",
        size,
        on -> {
          float[] values = new TorchRandom(1).randn(size);
          Tensor half = new Tensor(on, Shape.of(ROWS, COLUMNS), on.halved(values), null);
          return new Kernel.Affine(half, 2, 1, out(on));
        });
    Taps twice = nearest(16);
    add(
        all,
        "[1, 16, 16, 64] to twice the size",
        32 * 32 * 64,
        on ->
            new Kernel.Resample(normal(on, 1, 16, 16, 64), twice, twice, empty(on, 1, 32, 32, 64)));
    Conv2dGeometry pool =
        new Conv2dGeometry(
            1, 32, 32, 64, 64, 2, 2, Conv2dGeometry.Stride.of(2), Conv2dGeometry.Padding.of(0), 64);
    add(
        all,
        "[1, 32, 32, 64] to half the size",
        16 * 16 * 64,
        on -> new Kernel.MaxPool2d(normal(on, 1, 32, 32, 64), empty(on, 1, 16, 16, 64), pool));
    add(
        all,
        "[1, 32, 32, 64] from half the size",
        32 * 32 * 64,
        on ->
            new Kernel.MaxPool2dVjp(
                normal(on, 1, 32, 32, 64),
                normal(on, 1, 16, 16, 64),
                empty(on, 1, 32, 32, 64),
                pool));
  }

  /** Nearest-neighbour resizing to twice {@code inputs}. */
  private static Taps nearest(int inputs) {
    float[] ones = new float[2 * inputs];
    Arrays.fill(ones, 1);
    return new Taps(
        inputs,
        IntStream.rangeClosed(0, 2 * inputs).toArray(),
        IntStream.range(0, 2 * inputs).map(i -> i / 2).toArray(),
        ones);
  }

  private static void rows(List<ModelWorkload> all) {
    for (Reduction reduction : List.of(Reduction.SUM, Reduction.MAX)) {
      add(
          all,
          "rows of [32, 2048]",
          32 * 2048,
          on -> new Kernel.Reduce(reduction, normal(on, 32, 2048), empty(on, 32), 32, 2048, 1));
      add(
          all,
          "columns of [1024, 320]",
          1024 * COLUMNS,
          on ->
              new Kernel.Reduce(
                  reduction, normal(on, 1024, COLUMNS), empty(on, COLUMNS), 1, 1024, COLUMNS));
    }
    for (int columns : new int[] {256, 4096}) {
      int count = 65536 / columns;
      String label = "[%d, %d]".formatted(count, columns);
      int size = count * columns;
      Function<Backend, Tensor> x = on -> normal(on, count, columns);
      Function<Backend, Tensor> y = on -> empty(on, count, columns);
      add(all, label, size, on -> new Kernel.Softmax(x.apply(on), y.apply(on), count, columns));
      add(all, label, size, on -> new Kernel.LogSoftmax(x.apply(on), y.apply(on), count, columns));
      add(
          all,
          label,
          size,
          on -> new Kernel.SoftmaxVjp(x.apply(on), x.apply(on), y.apply(on), count, columns));
      add(
          all,
          label,
          size,
          on -> new Kernel.LogSoftmaxVjp(x.apply(on), x.apply(on), y.apply(on), count, columns));
    }
  }

  private static void norms(List<ModelWorkload> all) {
    int size = ROWS * COLUMNS;
    add(
        all,
        "layer norm of " + MAP,
        size,
        on ->
            new Kernel.LayerNorm(
                in(on),
                normal(on, COLUMNS),
                normal(on, COLUMNS),
                out(on),
                empty(on, ROWS),
                empty(on, ROWS),
                1e-5));
    add(
        all,
        "layer norm of " + MAP,
        size,
        on ->
            new Kernel.LayerNormVjp(
                in(on),
                normal(on, COLUMNS),
                normal(on, ROWS),
                normal(on, ROWS),
                in(on),
                out(on),
                empty(on, COLUMNS),
                empty(on, COLUMNS)));
    int positions = 256;
    String label = "group norm of [1, 256, 320] in 32 groups";
    add(
        all,
        label,
        positions * COLUMNS,
        on ->
            new Kernel.GroupNorm(
                normal(on, 1, positions, COLUMNS),
                normal(on, COLUMNS),
                normal(on, COLUMNS),
                empty(on, 1, positions, COLUMNS),
                empty(on, 1, 32),
                empty(on, 1, 32),
                32,
                1e-5,
                true));
    add(
        all,
        label,
        positions * COLUMNS,
        on ->
            new Kernel.GroupNormVjp(
                normal(on, 1, positions, COLUMNS),
                normal(on, COLUMNS),
                normal(on, COLUMNS),
                normal(on, 1, 32),
                normal(on, 1, 32),
                normal(on, 1, positions, COLUMNS),
                empty(on, 1, positions, COLUMNS),
                empty(on, COLUMNS),
                empty(on, COLUMNS),
                32,
                true));
  }

  private static void matmuls(List<ModelWorkload> all) {
    for (boolean transposeA : new boolean[] {false, true}) {
      for (boolean transposeB : new boolean[] {false, true}) {
        matmul(all, transposeA, transposeB, 256, 320, 320);
        matmul(all, transposeA, transposeB, 1024, 2048, 64);
      }
    }
    matmul(all, false, false, 64, 64, 1024);
  }

  private static void matmul(
      List<ModelWorkload> all, boolean transposeA, boolean transposeB, int m, int n, int k) {
    int[] first = {0};
    all.add(
        new ModelWorkload(
            "[%d, %d] by [%d, %d]".formatted(m, k, k, n),
            on ->
                new Kernel.Matmul(
                    normal(on, m, k),
                    first,
                    transposeA,
                    normal(on, k, n),
                    first,
                    transposeB,
                    normal(on, n),
                    empty(on, m, n),
                    m,
                    n,
                    k),
            m * n,
            Map.of(
                "matmul_nn", (double) m * n * k,
                "matmul_nt", (double) m * n * k,
                "matmul_tn", (double) m * n * k,
                "matmul_tt", (double) m * n * k)));
  }

  private static void convolutions(List<ModelWorkload> all) {
    // the first for tiles of 64, the others each for a kernel's tiles of 128
    for (int[] s : new int[][] {{16, 64, 64}, {128, 8, 128}, {128, 128, 8}, {8, 456, 512}}) {
      int edge = s[0];
      int in = s[1];
      int out = s[2];
      Conv2dGeometry g =
          new Conv2dGeometry(
              1,
              edge,
              edge,
              in,
              out,
              3,
              3,
              Conv2dGeometry.Stride.of(1),
              Conv2dGeometry.Padding.of(1),
              1);
      int pixels = edge * edge;
      Map<String, Double> products = Map.of("conv2d", 9.0 * pixels * in * out);
      String label = "[1, %d, %d, %d] by 3×3 to %d channels".formatted(edge, edge, in, out);
      boolean isSmall = edge == 16;
      if (isSmall || in == 8) {
        all.add(
            new ModelWorkload(
                label,
                on ->
                    new Kernel.Conv2d(
                        normal(on, 1, edge, edge, in),
                        normal(on, out, 3, 3, in),
                        normal(on, out),
                        empty(on, 1, edge, edge, out),
                        g),
                pixels * out,
                products));
      }
      if (isSmall || out == 8) {
        all.add(
            new ModelWorkload(
                label,
                on ->
                    new Kernel.Conv2dInputVjp(
                        normal(on, 1, edge, edge, out),
                        normal(on, out, 3, 3, in),
                        empty(on, 1, edge, edge, in),
                        g),
                pixels * in,
                products));
      }
      if (isSmall || out == 512) {
        all.add(
            new ModelWorkload(
                label,
                on ->
                    new Kernel.Conv2dWeightVjp(
                        normal(on, 1, edge, edge, in),
                        normal(on, 1, edge, edge, out),
                        empty(on, out, 3, 3, in),
                        g),
                9 * in * out,
                products));
      }
    }
  }

  private static void attentions(List<ModelWorkload> all) {
    CudaOptions tf32 = new CudaOptions(Precision.TF32, AttentionRung.FLASH);
    CudaOptions tiled = new CudaOptions(Precision.FLOAT32, AttentionRung.TILED);
    for (CudaOptions options : List.of(CudaOptions.DEFAULT, tf32, tiled)) {
      attention(all, 8, 40, 256, options);
      attention(all, 5, 64, 256, options);
      attention(all, 4, 80, 256, options);
      attention(all, 2, 160, 256, options);
    }
    attention(all, 5, 64, 256, new CudaOptions(Precision.FLOAT32, AttentionRung.NAIVE));
    attention(all, 1, 512, 128, CudaOptions.DEFAULT);
  }

  private static void attention(
      List<ModelWorkload> all, int heads, int width, int n, CudaOptions options) {
    int channels = heads * width;
    double product = (double) heads * n * n * width;
    String label = "%d heads of %d, %d queries and keys".formatted(heads, width, n);
    Function<Backend, Tensor> x = on -> normal(on, 1, n, channels);
    Function<Backend, Tensor> y = on -> empty(on, 1, n, channels);
    double scale = 1 / Math.sqrt(width);
    Map<String, Double> products = new LinkedHashMap<>();
    products.put("attention_delta", 0.0);
    for (String rung : List.of("attention_queries_vjp", "flash_queries")) {
      products.put(rung, 3 * product); // q kᵀ, dy vᵀ and ds k
    }
    for (String rung : List.of("attention_keys_vjp", "flash_keys")) {
      products.put(rung, 4 * product); // those two again, pᵀ dy and dsᵀ q
    }
    products.put("naive_softmax", 0.0);
    products.put("naive", product);
    products.put("attention", 2 * product);
    products.put("flash", 2 * product);
    all.add(
        new ModelWorkload(
            label,
            on ->
                new Kernel.Attention(
                    x.apply(on),
                    x.apply(on),
                    x.apply(on),
                    y.apply(on),
                    empty(on, 1, heads, n),
                    heads,
                    scale,
                    false),
            n * channels,
            products,
            options));
    all.add(
        new ModelWorkload(
            label,
            on ->
                new Kernel.AttentionVjp(
                    x.apply(on),
                    x.apply(on),
                    x.apply(on),
                    x.apply(on),
                    normal(on, 1, heads, n),
                    x.apply(on),
                    y.apply(on),
                    y.apply(on),
                    y.apply(on),
                    heads,
                    scale,
                    false),
            n * channels,
            products,
            options));
  }
}
