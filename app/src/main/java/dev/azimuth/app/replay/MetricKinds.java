package dev.azimuth.app.replay;

import static dev.azimuth.app.replay.OpKinds.toChannelsFirst;
import static dev.azimuth.app.replay.OpKinds.toChannelsLast;

import dev.azimuth.diffusion.text.ClipTokenizer;
import dev.azimuth.metrics.ClipScore;
import dev.azimuth.metrics.FrechetDistance;
import dev.azimuth.metrics.FrechetDistance.Statistics;
import dev.azimuth.metrics.InceptionFid;
import dev.azimuth.metrics.Lpips;
import dev.azimuth.metrics.LpipsBackbone;
import dev.azimuth.metrics.Psnr;
import dev.azimuth.metrics.Resampling;
import dev.azimuth.metrics.Ssim;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.Resize;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** The kinds of how near pictures come to each other. Published pictures are [N, C, H, W]. */
final class MetricKinds {
  private MetricKinds() {}

  static Map<String, Tensor> psnr(Replay r) {
    double range = r.config().number("data_range");
    float[][] a = pictures(r, "a");
    float[][] b = pictures(r, "b");
    double[] ratios = each(a.length, n -> Psnr.of(a[n], b[n], range));
    return Map.of(
        "mse", vector(r, each(a.length, n -> Psnr.meanSquaredError(a[n], b[n]))),
        "psnr", vector(r, ratios),
        "mean", mean(r, ratios));
  }

  static Map<String, Tensor> ssim(Replay r) {
    Ssim ssim = ssim(r.config());
    Shape shape = r.inputShape("a");
    int channels = shape.dim(1);
    int height = shape.dim(2);
    int width = shape.dim(3);
    float[][] a = pictures(r, "a");
    float[][] b = pictures(r, "b");
    double[] maps = new double[shape.size()];
    for (int n = 0; n < a.length; n++) {
      double[] map = ssim.map(a[n], b[n], height, width, channels);
      System.arraycopy(map, 0, maps, n * map.length, map.length);
    }
    Tensor last =
        Tensor.of(r.backend(), DType.FLOAT64, Shape.of(a.length, height, width, channels), maps);
    double[] means = each(a.length, n -> ssim.of(a[n], b[n], height, width, channels));
    return Map.of("map", toChannelsFirst(last), "ssim", vector(r, means));
  }

  private static Ssim ssim(ReplayConfig config) {
    int size = config.integer("win_size");
    Ssim.Window window =
        switch (config.text("window")) {
          case "gaussian" -> Ssim.Window.gaussian(config.number("sigma"));
          case "uniform" -> Ssim.Window.uniform(size);
          default ->
              throw new IllegalArgumentException("config: no window " + config.text("window"));
        };
    if (window.weights().length != size) {
      throw new IllegalArgumentException(
          "config: win_size must be sigma's, " + window.weights().length + "; got " + size);
    }
    return new Ssim(
        window,
        config.flag("use_sample_covariance"),
        config.number("K1"),
        config.number("K2"),
        config.number("data_range"));
  }

  static Map<String, Tensor> clipTokenize(Replay r) {
    ReplayConfig c = r.config();
    boolean isRepairing =
        switch (c.text("text_repair")) {
          case "none" -> false;
          case "ftfy" -> true;
          default ->
              throw new IllegalArgumentException("config: no text_repair " + c.text("text_repair"));
        };
    ClipTokenizer tokenizer = new ClipTokenizer(r.vocabulary(), isRepairing);
    int length = c.integer("context_length");
    double[] tokens =
        c.texts("texts").stream()
            .map(text -> tokenizer.tokens(text, length, c.flag("truncate")))
            .flatMapToInt(Arrays::stream)
            .asDoubleStream()
            .toArray();
    Shape shape = Shape.of(tokens.length / length, length);
    return Map.of("tokens", Tensor.of(r.backend(), DType.FLOAT64, shape, tokens));
  }

  static Map<String, Tensor> clipScore(Replay r) {
    ClipScore score = new ClipScore(r.config().number("w"));
    float[][] image = rows(r.input("image"));
    float[][] text = rows(r.input("text"));
    double[] scores = each(image.length, n -> score.of(image[n], text[n]));
    return Map.of("score", vector(r, scores), "mean", mean(r, scores));
  }

  static Map<String, Tensor> clipSimilarity(Replay r) {
    float[] reference = r.input("reference").toFloats();
    float[][] views = rows(r.input("views"));
    double[] similarities = each(views.length, n -> ClipScore.similarity(reference, views[n]));
    return Map.of("similarity", vector(r, similarities), "mean", mean(r, similarities));
  }

  static Map<String, Tensor> resize(Replay r) {
    int[] to = r.config().integers("size_out");
    Tensor x = r.input("x");
    String method = r.config().text("method");
    if (method.equals("torch_bilinear")) {
      Tensor y = toChannelsLast(x).resize(Resize.Mode.BILINEAR, to[0], to[1], false);
      return Map.of("y", toChannelsFirst(y));
    }
    Resampling resampling = Resampling.valueOf(method.toUpperCase(Locale.ROOT));
    Shape shape = x.shape();
    int height = shape.dim(2);
    int width = shape.dim(3);
    int[] all = r.integers("x");
    int channels = shape.dim(0) * shape.dim(1);
    float[] y = new float[channels * to[0] * to[1]];
    for (int c = 0; c < channels; c++) {
      int[] channel = Arrays.copyOfRange(all, c * height * width, (c + 1) * height * width);
      int[] resized = resampling.resize(channel, height, width, to[0], to[1]);
      for (int i = 0; i < resized.length; i++) {
        y[c * resized.length + i] = resized[i];
      }
    }
    return Map.of("y", Tensor.of(r.backend(), shape.with(2, to[0]).with(3, to[1]), y));
  }

  static Map<String, Tensor> fid(Replay r) {
    Statistics a = Statistics.of(features(r, "activations1"));
    Statistics b = Statistics.of(features(r, "activations2"));
    boolean isShifted = r.config().flag("offset_added");
    double trace = FrechetDistance.traceOfRoot(a, b, isShifted ? r.config().number("eps") : 0);
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("mu1", vector(r, a.mean()));
    outputs.put("mu2", vector(r, b.mean()));
    outputs.put("sigma1", matrix(r, a.covariance()));
    outputs.put("sigma2", matrix(r, b.covariance()));
    outputs.put("tr_covmean", number(r, trace));
    outputs.put("distance", number(r, FrechetDistance.between(a, b, trace)));
    if (isShifted) {
      outputs.put("distance_exact", number(r, FrechetDistance.between(a, b)));
    }
    return outputs;
  }

  private static double[][] features(Replay r, String name) {
    return Arrays.stream(rows(r.input(name)))
        .map(row -> IntStream.range(0, row.length).mapToDouble(i -> row[i]).toArray())
        .toArray(double[][]::new);
  }

  static Map<String, Tensor> lpips(Replay r) {
    ReplayConfig c = r.config();
    if (c.flag("spatial") || c.flag("normalize") || !c.text("version").equals("0.1")) {
      throw new IllegalArgumentException(
          "config: lpips is version 0.1, neither spatial nor normalize; got " + c.json());
    }
    LpipsBackbone backbone = LpipsBackbone.valueOf(c.text("net").toUpperCase(Locale.ROOT));
    Lpips.Distance distance =
        new Lpips(r.parameters(), backbone)
            .forward(toChannelsLast(r.input("in0")), toChannelsLast(r.input("in1")));
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("value", distance.value().reshape(-1, 1, 1, 1));
    for (int i = 0; i < distance.layers().size(); i++) {
      outputs.put("layer" + i, distance.layers().get(i).reshape(-1, 1, 1, 1));
    }
    return outputs;
  }

  static Map<String, Tensor> inceptionFid(Replay r) {
    Tensor image = toChannelsLast(r.input("image"));
    Tensor resized = r.config().flag("resize_input") ? InceptionFid.resized(image) : image;
    boolean isNormalized = r.config().flag("normalize_input");
    Tensor pixels = isNormalized ? resized.affine(2, -1) : resized;
    return new InceptionFid(r.parameters()).forward(pixels);
  }

  /** Each picture of an input [N, C, H, W] as [H, W, C]. */
  private static float[][] pictures(Replay r, String name) {
    return rows(toChannelsLast(r.input(name)));
  }

  /** Each part of [N, ...]. */
  private static float[][] rows(Tensor x) {
    float[] all = x.toFloats();
    int count = x.shape().dim(0);
    int size = all.length / count;
    return IntStream.range(0, count)
        .mapToObj(n -> Arrays.copyOfRange(all, n * size, (n + 1) * size))
        .toArray(float[][]::new);
  }

  private static double[] each(int count, IntToDoubleFunction value) {
    return IntStream.range(0, count).mapToDouble(value).toArray();
  }

  private static Tensor vector(Replay r, double... values) {
    return Tensor.of(r.backend(), DType.FLOAT64, Shape.of(values.length), values);
  }

  private static Tensor mean(Replay r, double... values) {
    return number(r, Arrays.stream(values).average().orElseThrow());
  }

  private static Tensor number(Replay r, double value) {
    return Tensor.full(r.backend(), DType.FLOAT64, Shape.of(), value);
  }

  private static Tensor matrix(Replay r, double[][] rows) {
    double[] all = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    return Tensor.of(r.backend(), DType.FLOAT64, Shape.of(rows.length, rows[0].length), all);
  }
}
