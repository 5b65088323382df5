package dev.azimuth.app;

import dev.azimuth.diffusion.Sampling;
import dev.azimuth.metrics.Interval;
import dev.azimuth.metrics.Psnr;
import dev.azimuth.metrics.Ssim;
import dev.azimuth.views.Image;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntToDoubleFunction;

/**
 * How a model does beside the baselines.
 *
 * @param objects number of test objects
 * @param pairs number of pairs of views
 * @param samples per pair
 * @param sampling how they were drawn
 * @param seed of pairs and samples
 * @param scores what each way of guessing the new view reaches
 */
record EvaluationReport(
    int objects, int pairs, int samples, Sampling sampling, long seed, Map<String, Score> scores) {

  /** A condition view and the truth [size, size, 3] in [-1, 1], the encoded move, its angle. */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  record Pair(String uid, float[] condition, float[] target, double[] pose, double degrees) {}

  /**
   * Means over objects with 95 % intervals.
   *
   * @param psnr in dB, pictures in [0, 1]
   * @param ssim Gaussian window, σ 1.5
   * @param aheadOfRepeated by how many dB ahead of the input view repeated, object by object
   * @param aheadOfMeanPicture likewise of the mean training picture
   * @param aheadOfBetter likewise of whichever of the two is nearer to that object's truth, which
   *     nobody who guesses can know
   */
  record Score(
      Interval psnr,
      Interval ssim,
      Interval aheadOfRepeated,
      Interval aheadOfMeanPicture,
      Interval aheadOfBetter) {}

  static final String SINGLE = "one sample";
  static final String REPEATED = "input view repeated";
  static final String MEAN_PICTURE = "mean training picture";

  /** Scores samples, {@code samples} for each pair in order, and the baselines. */
  static EvaluationReport of(
      List<Pair> pairs,
      List<Image> made,
      int samples,
      float[] meanPicture,
      int size,
      Sampling sampling,
      long seed) {
    Map<String, Guesses> guesses = new LinkedHashMap<>();
    for (int i = 0; i < pairs.size(); i++) {
      Pair pair = pairs.get(i);
      List<float[]> drawn =
          made.subList(i * samples, (i + 1) * samples).stream().map(Image::toSignedRgb).toList();
      add(guesses, SINGLE, pair, drawn.get(0), size);
      if (samples > 1) {
        add(guesses, "mean of " + samples + " samples", pair, mean(drawn), size);
      }
      add(guesses, REPEATED, pair, pair.condition(), size);
      add(guesses, MEAN_PICTURE, pair, meanPicture, size);
    }
    Map<String, Score> scores = new LinkedHashMap<>();
    guesses.forEach((name, g) -> scores.put(name, score(g, guesses, seed)));
    int objects = (int) pairs.stream().map(Pair::uid).distinct().count();
    return new EvaluationReport(objects, pairs.size(), samples, sampling, seed, scores);
  }

  /** The figures of one way of guessing, by object. */
  private record Guesses(Map<String, List<Double>> psnr, Map<String, List<Double>> ssim) {
    double[] means(Map<String, List<Double>> values) {
      return values.values().stream()
          .mapToDouble(v -> v.stream().mapToDouble(d -> d).average().orElseThrow())
          .toArray();
    }
  }

  private static void add(
      Map<String, Guesses> guesses, String name, Pair pair, float[] guess, int size) {
    float[] a = unit(guess);
    float[] b = unit(pair.target());
    Guesses g =
        guesses.computeIfAbsent(
            name, _ -> new Guesses(new LinkedHashMap<>(), new LinkedHashMap<>()));
    g.psnr.computeIfAbsent(pair.uid(), _ -> new ArrayList<>()).add(Psnr.of(a, b, 1));
    g.ssim
        .computeIfAbsent(pair.uid(), _ -> new ArrayList<>())
        .add(Ssim.gaussian(1).of(a, b, size, size, 3));
  }

  private static Score score(Guesses guesses, Map<String, Guesses> all, long seed) {
    double[] psnr = guesses.means(guesses.psnr);
    double[] repeated = baseline(all, REPEATED);
    double[] meanPicture = baseline(all, MEAN_PICTURE);
    return new Score(
        Interval.bootstrap(psnr, seed),
        Interval.bootstrap(guesses.means(guesses.ssim), seed),
        ahead(psnr, i -> repeated[i], seed),
        ahead(psnr, i -> meanPicture[i], seed),
        ahead(psnr, i -> Math.max(repeated[i], meanPicture[i]), seed));
  }

  private static Interval ahead(double[] psnr, IntToDoubleFunction baseline, long seed) {
    double[] ahead = new double[psnr.length];
    for (int i = 0; i < psnr.length; i++) {
      ahead[i] = psnr[i] - baseline.applyAsDouble(i);
    }
    return Interval.bootstrap(ahead, seed);
  }

  private static double[] baseline(Map<String, Guesses> all, String name) {
    Guesses guesses = Objects.requireNonNull(all.get(name));
    return guesses.means(guesses.psnr);
  }

  private static float[] mean(List<float[]> pictures) {
    float[] mean = new float[pictures.get(0).length];
    for (float[] picture : pictures) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += picture[i] / pictures.size();
      }
    }
    return mean;
  }

  /** From [-1, 1] to [0, 1]. */
  static float[] unit(float[] signed) {
    float[] unit = new float[signed.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (signed[i] + 1) / 2;
    }
    return unit;
  }

  /** The scores as a Markdown table. */
  String table() {
    StringBuilder table = new StringBuilder();
    table.append("%d objects, %d pairs, %s, seed %d%n".formatted(objects, pairs, sampling, seed));
    table.append("| guess | PSNR, dB [95 %] | SSIM [95 %] | dB ahead of the input view |");
    table.append(" of the mean picture | of the better of both |\n");
    table.append("| --- | --- | --- | --- | --- | --- |\n");
    scores.forEach(
        (name, score) ->
            table.append(
                "| %s | %s | %s | %s | %s | %s |%n"
                    .formatted(
                        name,
                        score.psnr.format(),
                        score.ssim.format(),
                        score.aheadOfRepeated.format(),
                        score.aheadOfMeanPicture.format(),
                        score.aheadOfBetter.format())));
    return table.toString();
  }
}
