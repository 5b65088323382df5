package dev.azimuth.app;

import dev.azimuth.app.StudyScores.Metric;
import dev.azimuth.app.StudyScores.Score;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.metrics.Interval;
import dev.azimuth.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a study has measured: an object's figure is the mean over its new views and the seeds,
 * intervals are bootstrapped over objects, and differences are taken object by object. The
 * intervals hold for these trained models; how much another seed changes stands beside them.
 *
 * @param objects test objects
 * @param newViews of all objects together
 * @param trainings what was trained
 * @param rows what each variant reaches, and the guesses without a network
 * @param differences rows beside other rows
 * @param collapsedPath the two paths of the published attention; null if they weren't compared
 */
record StudyReport(
    int objects,
    int newViews,
    List<Trained> trainings,
    List<Row> rows,
    List<Difference> differences,
    @Nullable CollapsedPath collapsedPath) {
  private static final String ALL = "all";

  /**
   * The trainings of a variant.
   *
   * @param variant its name
   * @param seeds trained from
   * @param parameters learned in noise prediction
   * @param firstLoss mean of the first twentieth of the steps, over seeds
   * @param lastLoss mean of the last twentieth
   * @param stepMilliseconds mean over seeds of the median step
   */
  record Trained(
      String variant,
      List<Long> seeds,
      long parameters,
      double firstLoss,
      double lastLoss,
      double stepMilliseconds) {}

  /**
   * What a variant reaches.
   *
   * @param figures by metric, then by bin, {@code all} first
   * @param seeds mean PSNR of each seed
   */
  record Row(
      String variant,
      int views,
      Map<Metric, Map<String, Interval>> figures,
      Map<Long, Double> seeds) {
    String title() {
      return views == 1 ? variant : variant + ", " + views + " views";
    }
  }

  /**
   * One row's figures minus another's, object by object.
   *
   * @param seeds difference of the mean PSNR for each seed that both were trained from
   */
  record Difference(
      String variant,
      int views,
      String other,
      int otherViews,
      Map<Metric, Map<String, Interval>> figures,
      Map<Long, Double> seeds) {
    /**
     * What the PSNR over all bins says: told apart only where the interval over objects leaves out
     * 0 and every seed agrees.
     */
    String verdict() {
      Interval all = figure(figures, Metric.PSNR, ALL);
      if (all.low() > 0 && seeds.values().stream().allMatch(d -> d > 0)) {
        return "ahead";
      }
      boolean isBehind = all.high() < 0 && seeds.values().stream().allMatch(d -> d < 0);
      return isBehind ? "behind" : "not told apart";
    }
  }

  /** Seeds of the same variant, given the same number of views. */
  private record Group(String variant, int views, List<StudyScores> seeds) {
    /** The mean PSNR of each seed. */
    Map<Long, Double> means() {
      Map<Long, Double> means = new LinkedHashMap<>();
      for (StudyScores own : seeds) {
        double mean = own.scores().stream().mapToDouble(Score::psnr).average().orElseThrow();
        means.put(own.seed(), mean);
      }
      return means;
    }
  }

  /** Sums up a study. */
  static StudyReport of(
      StudyConfig config, StudyRun run, List<StudyScores> measured, int objects, int newViews)
      throws IOException {
    List<StudyScores> all = new ArrayList<>(measured);
    all.addAll(run.baselines());
    Map<String, Group> groups = new LinkedHashMap<>();
    for (StudyScores scores : all) {
      groups
          .computeIfAbsent(
              scores.variant() + " " + scores.views(),
              _ -> new Group(scores.variant(), scores.views(), new ArrayList<>()))
          .seeds
          .add(scores);
    }
    long seed = config.evaluation().seed();
    List<Row> rows = new ArrayList<>();
    for (Group group : groups.values()) {
      Map<Metric, Map<String, Interval>> figures =
          figures((metric, bin) -> perObject(group, metric, bin), seed);
      rows.add(new Row(group.variant, group.views, figures, group.means()));
    }
    return new StudyReport(
        objects,
        newViews,
        trainings(config, run),
        rows,
        differences(config, List.copyOf(groups.values()), seed),
        run.collapsedPath());
  }

  private static List<Trained> trainings(StudyConfig config, StudyRun run) throws IOException {
    List<Trained> all = new ArrayList<>();
    for (StudyConfig.Variant variant : config.variants()) {
      List<StudyRun.Training> own =
          run.trainings().stream().filter(t -> t.variant().equals(variant)).toList();
      double first = 0;
      double last = 0;
      double time = 0;
      for (StudyRun.Training training : own) {
        double[] losses = training.losses();
        int part = Math.max(1, losses.length / 20);
        first += mean(losses, 0, part) / own.size();
        last += mean(losses, losses.length - part, losses.length) / own.size();
        time += run.time(training).median() / own.size();
      }
      List<Long> seeds = own.stream().map(StudyRun.Training::seed).toList();
      ModelConfig model = config.training(variant, seeds.get(0)).model();
      all.add(new Trained(variant.name(), seeds, learned(model), first, last, time));
    }
    return all;
  }

  private static double mean(double[] values, int from, int to) {
    return Arrays.stream(values, from, to).average().orElseThrow();
  }

  private static long learned(ModelConfig model) {
    return Zero123.parameterShapes(model).entrySet().stream()
        .filter(e -> e.getKey().startsWith("model.") || e.getKey().startsWith("cc_projection."))
        .map(Map.Entry::getValue)
        .mapToLong(Shape::size)
        .sum();
  }

  /**
   * Every row beside the first, those of several views beside the first's of as many and beside
   * their own of one, and those that have a control beside it.
   */
  private static List<Difference> differences(StudyConfig config, List<Group> groups, long seed) {
    List<Difference> all = new ArrayList<>();
    Group first = groups.get(0);
    String published = config.variants().get(0).name();
    Map<String, String> controls = new HashMap<>();
    for (StudyConfig.Variant variant : config.variants()) {
      if (variant.control() != null) {
        controls.put(variant.name(), variant.control());
      }
    }
    for (Group group : groups) {
      for (Group other : groups) {
        boolean isReference = other.equals(first);
        boolean isAverage = other.variant.equals(published) && other.views == group.views;
        boolean isControl =
            other.variant.equals(controls.get(group.variant)) && other.views == group.views;
        boolean isFewer = other.variant.equals(group.variant) && other.views == 1;
        if (!group.equals(other) && (isReference || isAverage || isFewer || isControl)) {
          Map<Metric, Map<String, Interval>> figures =
              figures(
                  (metric, bin) -> {
                    double[] a = perObject(group, metric, bin);
                    double[] b = perObject(other, metric, bin);
                    Arrays.setAll(a, i -> a[i] - b[i]);
                    return a;
                  },
                  seed);
          Map<Long, Double> seeds = group.means();
          seeds.keySet().retainAll(other.means().keySet());
          seeds.replaceAll((trained, mean) -> mean - get(other.means(), trained));
          all.add(
              new Difference(
                  group.variant, group.views, other.variant, other.views, figures, seeds));
        }
      }
    }
    return all;
  }

  /** The values of objects for a metric, in a bin. */
  @FunctionalInterface
  private interface PerObject {
    double[] of(Metric metric, String bin);
  }

  private static Map<Metric, Map<String, Interval>> figures(PerObject values, long seed) {
    Map<Metric, Map<String, Interval>> figures = new LinkedHashMap<>();
    for (Metric metric : Metric.values()) {
      Map<String, Interval> bins = new LinkedHashMap<>();
      bins.put(ALL, Interval.bootstrap(values.of(metric, ALL), seed));
      for (StudyTrials.Bin bin : StudyTrials.Bin.values()) {
        String name = bin.toString();
        bins.put(name, Interval.bootstrap(values.of(metric, name), seed));
      }
      figures.put(metric, bins);
    }
    return figures;
  }

  private static double[] perObject(Group group, Metric metric, String bin) {
    Map<String, Double> means =
        group.seeds.stream()
            .flatMap(scores -> scores.scores().stream())
            .filter(score -> bin.equals(ALL) || bin.equals(score.bin().toString()))
            .collect(
                Collectors.groupingBy(
                    Score::uid, LinkedHashMap::new, Collectors.averagingDouble(metric::of)));
    return means.values().stream().mapToDouble(d -> d).toArray();
  }

  /** One of a row's or difference's figures. */
  static Interval figure(Map<Metric, Map<String, Interval>> figures, Metric metric, String bin) {
    return get(get(figures, metric), bin);
  }

  private static <K, V> V get(Map<K, V> map, K key) {
    V value = map.get(key);
    if (value == null) {
      throw new IllegalArgumentException("study: no figure of " + key);
    }
    return value;
  }

  /** The report as Markdown, its figures beside it. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        %d test objects, %d new views, a third each in front (azimuth up to 60° from the first input
        view), to the side and behind (from 120°). Means over objects with 95 %% intervals, bootstrapped
        over objects; an object's figure is the mean over its new views and the seeds.

        """
            .formatted(objects, newViews));
    trainingTable(text);
    for (Metric metric : Metric.values()) {
      text.append("\n### ").append(metric).append("\n\n");
      text.append("| variant | views | all | front | side | back |");
      text.append(metric == Metric.PSNR ? " seeds |\n" : "\n");
      text.append("| --- | --- | --- | --- | --- | --- |");
      text.append(metric == Metric.PSNR ? " --- |\n" : "\n");
      for (Row row : rows) {
        text.append(
            "| %s | %d | %s |".formatted(row.variant, row.views, cells(row.figures, metric)));
        text.append(metric == Metric.PSNR ? " " + range(row.seeds) + " |\n" : "\n");
      }
    }
    differenceTable(text);
    if (collapsedPath != null) {
      text.append(
          """

          ### The collapsed path

          The same weights, one token, a UNet call of %d samples: %.2f ms with queries and keys, %.2f ms without
          (medians of %d calls in turns); the largest difference anywhere in the output is %s.
          """
              .formatted(
                  collapsedPath.batch(),
                  collapsedPath.attended(),
                  collapsedPath.collapsed(),
                  collapsedPath.calls(),
                  collapsedPath.largestDifference()));
    }
    text.append(
        """

        ![Learning curves](curves.png)

        ![PSNR ahead of the first variant](differences.png)

        ![PSNR by number of views](views.png)

        ![Pictures](pictures.png)
        """);
    return text.toString();
  }

  private void differenceTable(StringBuilder text) {
    text.append(
        "\n### Differences, object by object: PSNR in dB, and the share of right sides\n\n");
    text.append(
        "| variant | views | minus | views | all | front | side | back | seeds | it is | right side"
            + " |\n");
    text.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (Difference d : differences) {
      text.append(
          "| %s | %d | %s | %d | %s | %s | %s | %s |%n"
              .formatted(
                  d.variant,
                  d.views,
                  d.other,
                  d.otherViews,
                  cells(d.figures, Metric.PSNR),
                  range(d.seeds),
                  d.verdict(),
                  figure(d.figures, Metric.SIDE, ALL).format()));
    }
  }

  private void trainingTable(StringBuilder text) {
    text.append("| training | seeds | parameters | loss at first | at last | ms a step |\n");
    text.append("| --- | --- | --- | --- | --- | --- |\n");
    for (Trained t : trainings) {
      text.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %,d | %.4f | %.4f | %.1f |%n",
              t.variant,
              t.seeds.stream().map(String::valueOf).collect(Collectors.joining(", ")),
              t.parameters,
              t.firstLoss,
              t.lastLoss,
              t.stepMilliseconds));
    }
  }

  private static String cells(Map<Metric, Map<String, Interval>> figures, Metric metric) {
    return get(figures, metric).values().stream()
        .map(Interval::format)
        .collect(Collectors.joining(" | "));
  }

  private static String range(Map<Long, Double> seeds) {
    return seeds.size() < 2
        ? ""
        : String.format(
            Locale.ROOT,
            "%.2f to %.2f",
            Collections.min(seeds.values()),
            Collections.max(seeds.values()));
  }
}
