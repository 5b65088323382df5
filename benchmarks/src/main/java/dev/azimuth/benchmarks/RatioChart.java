package dev.azimuth.benchmarks;

import dev.azimuth.tensor.file.AtomicFile;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** Ratios as bars, one colour for each number of threads; below 1 is faster than libtorch. */
final class RatioChart {
  private static final int BAR = 46;
  private static final int MARGIN = 160;
  private static final int MIN_WIDTH = 640;
  private static final int HEIGHT = 640;
  private static final List<Color> COLOURS =
      List.of(new Color(0x1F4E8C), new Color(0xE08A2E), new Color(0x5B8C5A), new Color(0x8C2F39));

  private RatioChart() {}

  /** Draws the report's summaries. */
  static void write(BenchReport report, Path file) throws IOException {
    SequencedSet<String> names = new LinkedHashSet<>();
    SequencedMap<Integer, Map<String, Double>> series = new LinkedHashMap<>();
    for (BenchReport.Summary s : report.summaries()) {
      String name = s.label();
      names.add(name);
      series.computeIfAbsent(s.threads(), _ -> new LinkedHashMap<>()).put(name, s.ratio());
    }
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(Math.max(MIN_WIDTH, MARGIN + BAR * names.size()))
            .height(HEIGHT)
            .title("ours / libtorch, below 1 is faster")
            .yAxisTitle("ratio of times")
            .build();
    chart.getStyler().setXAxisLabelRotation(60).setYAxisDecimalPattern("0.0").setYAxisMin(0.0);
    chart
        .getStyler()
        .setLegendPosition(LegendPosition.InsideNE)
        .setSeriesColors(COLOURS.toArray(Color[]::new))
        .setChartBackgroundColor(Color.WHITE);
    series.forEach(
        (threads, ratios) -> {
          List<@Nullable Double> values = new ArrayList<>();
          names.forEach(name -> values.add(ratios.get(name)));
          chart.addSeries(
              threads == 1 ? "1 thread" : threads + " threads", List.copyOf(names), values);
        });
    AtomicFile.write(file, png(chart));
  }

  private static byte[] png(CategoryChart chart) throws IOException {
    BufferedImage image =
        new BufferedImage(chart.getWidth(), chart.getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    chart.paint(g, chart.getWidth(), chart.getHeight());
    g.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    if (!ImageIO.write(image, "png", bytes)) {
      throw new IOException("this JVM cannot write PNG");
    }
    return bytes.toByteArray();
  }
}
