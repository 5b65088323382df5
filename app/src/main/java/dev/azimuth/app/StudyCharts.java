package dev.azimuth.app;

import dev.azimuth.app.StudyScores.Metric;
import dev.azimuth.metrics.Interval;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.views.Image;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The figures of a study's report. */
final class StudyCharts {
  private static final int WIDTH = 1000;
  private static final int HEIGHT = 520;
  private static final int CELL = 104;

  private final StudyReport report;
  private final StudyRun run;

  StudyCharts(StudyReport report, StudyRun run) {
    this.report = report;
    this.run = run;
  }

  /**
   * Writes {@code curves.png, differences.png, views.png} and, of some objects, {@code
   * pictures.png}.
   */
  void write(Path folder, StudyTrials trials, int pictured) throws IOException {
    draw(folder.resolve("curves.png"), curves());
    draw(folder.resolve("differences.png"), differences());
    draw(folder.resolve("views.png"), byViews());
    pictures(trials, pictured).write(folder.resolve("pictures.png"));
  }

  private static void draw(Path file, Chart<?, ?> chart) throws IOException {
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    chart.paint(g, WIDTH, HEIGHT);
    g.dispose();
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    AtomicFile.write(file, png.toByteArray());
  }

  /** Running means of the training losses, meaned over seeds. */
  private XYChart curves() throws IOException {
    Map<String, List<double[]>> losses = new LinkedHashMap<>();
    for (StudyRun.Training training : run.trainings()) {
      losses
          .computeIfAbsent(training.variant().name(), _ -> new ArrayList<>())
          .add(training.losses());
    }
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("Training loss after the first fifth, running mean, mean over seeds")
            .xAxisTitle("step")
            .yAxisTitle("loss")
            .build();
    chart
        .getStyler()
        .setXAxisDecimalPattern("0")
        .setXAxisMaxLabelCount(8)
        .setLegendPosition(LegendPosition.OutsideE)
        .setChartBackgroundColor(Color.WHITE);
    losses.forEach(
        (variant, seeds) -> {
          double[] mean = new double[seeds.get(0).length];
          Arrays.setAll(mean, i -> seeds.stream().mapToDouble(s -> s[i]).average().orElseThrow());
          int window = Math.max(5, mean.length / 25);
          double[] smooth = LossChart.runningMean(mean, window);
          // the fall from untrained weights would flatten what tells variants apart
          int first = Math.max(smooth.length / 5, Math.min(window, smooth.length) - 1);
          int middle = (window - 1) / 2;
          double[] steps = new double[smooth.length - first];
          Arrays.setAll(steps, i -> first + i + 1 - middle);
          chart
              .addSeries(variant, steps, Arrays.copyOfRange(smooth, first, smooth.length))
              .setMarker(SeriesMarkers.NONE);
        });
    return chart;
  }

  /** How far each row is ahead of the first one, by bin. */
  private CategoryChart differences() {
    StudyReport.Row first = report.rows().get(0);
    // guesses without a network differ by decibels and would flatten the rest
    List<String> trained = report.trainings().stream().map(StudyReport.Trained::variant).toList();
    List<StudyReport.Difference> all =
        report.differences().stream()
            .filter(d -> trained.contains(d.variant()))
            .filter(d -> d.other().equals(first.variant()) && d.otherViews() == first.views())
            .toList();
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("PSNR ahead of " + first.title() + ", 95 % intervals")
            .yAxisTitle("dB")
            .build();
    chart
        .getStyler()
        .setXAxisLabelRotation(45)
        .setLegendPosition(LegendPosition.OutsideE)
        .setChartBackgroundColor(Color.WHITE);
    List<String> names =
        all.stream()
            .map(d -> d.views() == 1 ? d.variant() : d.variant() + " ×" + d.views())
            .toList();
    for (StudyTrials.Bin bin : StudyTrials.Bin.values()) {
      List<Interval> intervals =
          all.stream()
              .map(d -> StudyReport.figure(d.figures(), Metric.PSNR, bin.toString()))
              .toList();
      chart.addSeries(
          bin.toString(),
          names,
          intervals.stream().map(Interval::mean).toList(),
          intervals.stream().map(StudyCharts::halfWidth).toList());
    }
    return chart;
  }

  private static double halfWidth(Interval interval) {
    return (interval.high() - interval.low()) / 2;
  }

  /** PSNR over the number of views, of what was given several numbers. */
  private XYChart byViews() {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title("PSNR by the number of condition views, 95 % intervals")
            .xAxisTitle("condition views")
            .yAxisTitle("dB")
            .build();
    chart
        .getStyler()
        .setXAxisDecimalPattern("0")
        .setLegendPosition(LegendPosition.OutsideE)
        .setChartBackgroundColor(Color.WHITE);
    Map<String, List<StudyReport.Row>> lines = new LinkedHashMap<>();
    for (StudyReport.Row row : report.rows()) {
      lines.computeIfAbsent(row.variant(), _ -> new ArrayList<>()).add(row);
    }
    lines.values().removeIf(rows -> rows.size() == 1);
    lines.forEach(
        (variant, rows) -> {
          List<Interval> psnr =
              rows.stream().map(r -> StudyReport.figure(r.figures(), Metric.PSNR, "all")).toList();
          chart.addSeries(
              variant,
              rows.stream().mapToDouble(StudyReport.Row::views).toArray(),
              psnr.stream().mapToDouble(Interval::mean).toArray(),
              psnr.stream().mapToDouble(StudyCharts::halfWidth).toArray());
        });
    return chart;
  }

  /** One new view of some objects, in turns of the bins: input, truth, and the first seed's. */
  private ContactSheet pictures(StudyTrials trials, int pictured) throws IOException {
    ContactSheet sheet =
        new ContactSheet("azimuth study: input, truth, and each variant's first seed", CELL);
    List<StudyRun.Training> shown =
        run.trainings().stream().filter(t -> t.seed() == run.trainings().get(0).seed()).toList();
    int perObject = trials.perObject();
    int size = (int) Math.sqrt(trials.truth(trials.all().get(0)).length / 3.0);
    int objects = Math.min(pictured, trials.all().size() / perObject);
    for (int object = 0; object < objects; object++) {
      int bins = StudyTrials.Bin.values().length;
      int index = object * perObject + object % bins * (perObject / bins);
      StudyTrials.Trial trial = trials.all().get(index);
      List<Image> row = new ArrayList<>();
      List<String> captions = new ArrayList<>(List.of("input", "truth"));
      row.add(Image.ofSignedRgb(size, size, trials.conditions(trial, 1).get(0)));
      row.add(Image.ofSignedRgb(size, size, trials.truth(trial)));
      for (StudyRun.Training training : shown) {
        for (int views : training.variant().views()) {
          List<float[]> made = PictureGrid.read(training.grid(views), trials.all().size(), size);
          row.add(Image.ofSignedRgb(size, size, made.get(index)));
          boolean isFirst = views == training.variant().views().get(0);
          captions.add(
              (isFirst ? training.variant().name() : "") + (views == 1 ? "" : " ×" + views));
        }
      }
      sheet.row(List.of(trials.uid(trial), trial.bin().toString()), row, captions);
    }
    return sheet;
  }
}
