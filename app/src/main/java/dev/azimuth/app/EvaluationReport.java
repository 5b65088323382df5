package dev.azimuth.app;

import dev.azimuth.app.MeasureOptions.Measures;
import dev.azimuth.diffusion.Sampling;
import dev.azimuth.metrics.FrechetDistance;
import dev.azimuth.metrics.Interval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntToDoubleFunction;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a model does beside the baselines. Every interval is of 95 % and by bootstrap over objects.
 *
 * @param command what was asked
 * @param protocol how pictures were compared, in words
 * @param objects number of test objects
 * @param samples per pair
 * @param sampling how they were drawn
 * @param seed of pairs and samples
 * @param scores what each way of guessing reaches beside the baselines
 * @param figures what each way of guessing reaches by each measure, for all views and by where
 *     these lie
 * @param views the list of views that all of it is of
 */
record EvaluationReport(
    String command,
    String protocol,
    int objects,
    int samples,
    Sampling sampling,
    long seed,
    Map<String, Score> scores,
    List<Figure> figures,
    List<Scored> views) {

  static final String SINGLE = "one sample";
  static final String REPEATED = "input view repeated";
  static final String MEAN_PICTURE = "mean training picture";
  static final String PSNR = "PSNR";
  static final String SSIM = "SSIM";
  static final String ALL = "all";

  /** How often a distance between sets is computed again. */
  private static final int DRAWS = 200;

  /** Fewer pictures than this give a set no distribution worth a distance. */
  private static final int FEWEST = 10;

  /**
   * A condition view and the truth [size, size, 3] in [-1, 1], and the move between them.
   *
   * @param input number of the condition view
   * @param output number of the target view
   * @param pose the encoded move
   * @param azimuth of the move, degrees, in (-180, 180]
   * @param degrees the angle between the two lines of sight
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  record Pair(
      String uid,
      int input,
      int output,
      float[] condition,
      float[] target,
      double[] pose,
      double azimuth,
      double degrees) {
    /** Whether the target is the condition view itself. */
    boolean isReference() {
      return input == output;
    }
  }

  /** Which side of the object, seen from the condition view, a move's target shows. */
  static String side(double azimuth) {
    double turn = Math.abs(azimuth);
    if (turn <= 45) {
      return "front";
    }
    return turn < 135 ? "side" : "back";
  }

  /**
   * Means over objects; null where there is none: of no values, or of an exact guess's infinite
   * ones.
   *
   * @param psnr in dB
   * @param ssim as the protocol has it
   * @param aheadOfRepeated by how many dB ahead of the input view repeated, object by object
   * @param aheadOfMeanPicture likewise of the mean training picture
   * @param aheadOfBetter likewise of whichever of the two is nearer to that object's truth, which
   *     nobody who guesses can know
   */
  record Score(
      @Nullable Interval psnr,
      @Nullable Interval ssim,
      @Nullable Interval aheadOfRepeated,
      @Nullable Interval aheadOfMeanPicture,
      @Nullable Interval aheadOfBetter) {
    private String row() {
      return Stream.of(psnr, ssim, aheadOfRepeated, aheadOfMeanPicture, aheadOfBetter)
          .map(interval -> interval == null ? "" : interval.format())
          .collect(Collectors.joining(" | "));
    }
  }

  /**
   * One figure.
   *
   * @param views which: {@link #ALL} or a side
   * @param objects that have such views
   */
  record Figure(String guess, String measure, String views, int objects, Interval value) {}

  /** One view and every figure of it, by guess and measure. */
  record Scored(
      String uid,
      int input,
      int output,
      double azimuth,
      double degrees,
      Map<String, Map<String, Double>> figures) {
    private boolean isOn(String side) {
      return side.equals(ALL) || side.equals(side(azimuth));
    }
  }

  /**
   * What was guessed for each pair, in the order of the pairs, each [size, size, 3] in [-1, 1].
   *
   * @param all by the name of the way of guessing
   */
  record Guesses(Map<String, List<float[]>> all) {
    /**
     * The guesses of samples, {@code samples} for each pair in order, and the baselines.
     *
     * @param meanPicture of the training views
     */
    static Guesses of(List<Pair> pairs, List<float[]> made, int samples, float[] meanPicture) {
      Map<String, List<float[]>> all = new LinkedHashMap<>();
      for (int i = 0; i < pairs.size(); i++) {
        List<float[]> drawn = made.subList(i * samples, (i + 1) * samples);
        add(all, SINGLE, drawn.get(0));
        if (samples > 1) {
          add(all, "mean of " + samples + " samples", mean(drawn));
        }
        add(all, REPEATED, pairs.get(i).condition());
        add(all, MEAN_PICTURE, meanPicture);
      }
      return new Guesses(all);
    }

    private static void add(Map<String, List<float[]>> all, String name, float[] guess) {
      all.computeIfAbsent(name, _ -> new ArrayList<>()).add(guess);
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
  }

  /** What a report is told beside the pictures. */
  record Setting(String command, String protocol, int samples, Sampling sampling, long seed) {}

  /** Scores all guesses by all measures. */
  static EvaluationReport of(
      List<Pair> pairs, Guesses guesses, Measures measures, Setting setting, Progress progress) {
    List<Scored> views = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      Pair pair = pairs.get(i);
      Map<String, Map<String, Double>> figures = new LinkedHashMap<>();
      for (Map.Entry<String, List<float[]>> guess : guesses.all.entrySet()) {
        Map<String, Double> values = new LinkedHashMap<>();
        for (Measure measure : measures.pairwise()) {
          double value = measure.value().of(guess.getValue().get(i), pair);
          if (!Double.isNaN(value)) {
            values.put(measure.name(), value);
          }
        }
        figures.put(guess.getKey(), values);
      }
      views.add(
          new Scored(
              pair.uid(), pair.input(), pair.output(), pair.azimuth(), pair.degrees(), figures));
      progress.to(i + 1);
    }
    List<Figure> figures = new ArrayList<>();
    Map<String, Score> scores = new LinkedHashMap<>();
    for (String guess : guesses.all.keySet()) {
      for (Measure measure : measures.pairwise()) {
        addFigures(figures, views, guess, measure.name(), setting.seed);
      }
      scores.put(guess, score(views, guess, setting.seed));
    }
    guesses.all.forEach((name, all) -> addDistance(figures, pairs, name, all, measures, setting));
    return new EvaluationReport(
        setting.command,
        setting.protocol,
        (int) pairs.stream().map(Pair::uid).distinct().count(),
        setting.samples,
        setting.sampling,
        setting.seed,
        scores,
        List.copyOf(figures),
        List.copyOf(views));
  }

  private static void addFigures(
      List<Figure> figures, List<Scored> views, String guess, String measure, long seed) {
    for (String side : sides()) {
      double[] values = means(views, guess, measure, view -> view.isOn(side));
      Interval interval = interval(values, seed);
      if (interval != null) {
        figures.add(new Figure(guess, measure, side, values.length, interval));
      }
    }
  }

  /** Which views figures are of: all, and those of each side. */
  static List<String> sides() {
    return List.of(ALL, "front", "side", "back");
  }

  /** Each object's mean over those of its views that count and have the figure. */
  private static double[] means(
      List<Scored> views, String guess, String measure, Predicate<Scored> counts) {
    Map<String, List<Double>> byObject = new LinkedHashMap<>();
    for (Scored view : views) {
      Double value = Objects.requireNonNull(view.figures.get(guess)).get(measure);
      if (value != null && counts.test(view)) {
        byObject.computeIfAbsent(view.uid, _ -> new ArrayList<>()).add(value);
      }
    }
    return byObject.values().stream()
        .mapToDouble(v -> v.stream().mapToDouble(d -> d).average().orElseThrow())
        .toArray();
  }

  private static void addDistance(
      List<Figure> figures,
      List<Pair> pairs,
      String name,
      List<float[]> guesses,
      Measures measures,
      Setting setting) {
    if (pairs.size() < FEWEST) {
      return;
    }
    Map<String, List<Integer>> byObject = new LinkedHashMap<>();
    for (int i = 0; i < pairs.size(); i++) {
      byObject.computeIfAbsent(pairs.get(i).uid(), _ -> new ArrayList<>()).add(i);
    }
    List<List<Integer>> objects = List.copyOf(byObject.values());
    double[][] made = new double[pairs.size()][];
    double[][] truth = new double[pairs.size()][];
    for (int i = 0; i < made.length; i++) {
      made[i] = doubles(measures.distance().features().of(guesses.get(i)));
      truth[i] = doubles(measures.distance().features().of(pairs.get(i).target()));
    }
    Interval distance =
        Interval.bootstrap(
            objects.size(),
            DRAWS,
            drawn -> {
              int[] rows =
                  Arrays.stream(drawn)
                      .mapToObj(objects::get)
                      .flatMapToInt(o -> o.stream().mapToInt(i -> i))
                      .toArray();
              return FrechetDistance.between(rows(made, rows), rows(truth, rows));
            },
            setting.seed);
    figures.add(new Figure(name, measures.distance().name(), ALL, objects.size(), distance));
  }

  private static double[][] rows(double[][] all, int[] numbers) {
    return Arrays.stream(numbers).mapToObj(i -> all[i]).toArray(double[][]::new);
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  private static Score score(List<Scored> views, String guess, long seed) {
    double[] psnr = means(views, guess, PSNR, _ -> true);
    double[] ssim = means(views, guess, SSIM, _ -> true);
    double[] repeated = means(views, REPEATED, PSNR, _ -> true);
    double[] meanPicture = means(views, MEAN_PICTURE, PSNR, _ -> true);
    return new Score(
        interval(psnr, seed),
        interval(ssim, seed),
        ahead(psnr, i -> repeated[i], seed),
        ahead(psnr, i -> meanPicture[i], seed),
        ahead(psnr, i -> Math.max(repeated[i], meanPicture[i]), seed));
  }

  private static @Nullable Interval interval(double[] values, long seed) {
    return values.length > 0 && Arrays.stream(values).allMatch(Double::isFinite)
        ? Interval.bootstrap(values, seed)
        : null;
  }

  private static @Nullable Interval ahead(double[] psnr, IntToDoubleFunction baseline, long seed) {
    double[] ahead = new double[psnr.length];
    for (int i = 0; i < psnr.length; i++) {
      ahead[i] = psnr[i] - baseline.applyAsDouble(i);
    }
    return interval(ahead, seed);
  }

  /** From [-1, 1] to [0, 1]. */
  static float[] unit(float[] signed) {
    float[] unit = new float[signed.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (signed[i] + 1) / 2;
    }
    return unit;
  }

  /** The names of all measures, in their order. */
  List<String> measures() {
    return figures.stream().map(Figure::measure).distinct().toList();
  }

  /** A figure in digits; empty if there is none. */
  String cell(String guess, String measure, String side) {
    return figures.stream()
        .filter(f -> f.guess.equals(guess) && f.measure.equals(measure) && f.views.equals(side))
        .map(f -> f.value.format())
        .findFirst()
        .orElse("");
  }

  /** The scores as Markdown tables: beside the baselines, by each measure, by side. */
  String table() {
    StringBuilder table = new StringBuilder();
    table.append(
        "%d objects, %d pairs, %s, seed %d%n".formatted(objects, views.size(), sampling, seed));
    table.append(protocol).append('\n');
    table.append("| guess | PSNR, dB [95 %] | SSIM [95 %] | dB ahead of the input view |");
    table.append(" of the mean picture | of the better of both |\n");
    table.append("| --- | --- | --- | --- | --- | --- |\n");
    scores.forEach((name, score) -> table.append("| %s | %s |%n".formatted(name, score.row())));
    for (String measure : measures()) {
      table.append("\n| %s | all views | front | side | back |%n".formatted(measure));
      table.append("| --- | --- | --- | --- | --- |\n");
      for (String guess : scores.keySet()) {
        table.append("| ").append(guess);
        sides().forEach(side -> table.append(" | ").append(cell(guess, measure, side)));
        table.append(" |\n");
      }
    }
    return table.toString();
  }

  /** Why some figures may be missing. */
  static String bins() {
    return String.format(
        Locale.ROOT,
        "front, side and back: targets whose azimuth relative to the input view is up to 45, up to"
            + " 135 and from 135 degrees; a distance between sets needs %d views or more",
        FEWEST);
  }
}
