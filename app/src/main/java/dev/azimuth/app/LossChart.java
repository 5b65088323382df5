package dev.azimuth.app;

import dev.azimuth.tensor.file.AtomicFile;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * The loss curves of a training's stages, one under the other: each step's loss in a light line,
 * its running mean in a dark one.
 */
final class LossChart {
  /** The stages in the order in which they are trained. */
  static final List<String> STAGES = List.of("autoencoder", "image_encoder", "noise_prediction");

  static final String FILE = "loss.png";
  private static final int WIDTH = 900;
  private static final int HEIGHT = 320;
  private static final double LOG_FROM = 5; // a smaller range of losses is as clear without
  private static final Color RAW = new Color(0xB9CFE8);
  private static final Color MEAN = new Color(0x1F4E8C);

  private LossChart() {}

  /**
   * Draws the curves that a run's folder holds to its {@code loss.png}; nothing if there are none.
   *
   * @throws IOException naming the file that can't be read or written
   */
  static void draw(Path run) throws IOException {
    List<BufferedImage> panels = new ArrayList<>();
    for (String stage : STAGES) {
      Path curve = run.resolve(stage + "-loss.csv");
      if (Files.exists(curve)) {
        panels.add(panel(stage.replace('_', ' '), read(curve)));
      }
    }
    if (panels.isEmpty()) {
      return;
    }
    BufferedImage all =
        new BufferedImage(WIDTH, panels.size() * HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = all.createGraphics();
    for (int i = 0; i < panels.size(); i++) {
      g.drawImage(panels.get(i), 0, i * HEIGHT, null);
    }
    g.dispose();
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(all, "png", png);
    AtomicFile.write(run.resolve(FILE), png.toByteArray());
  }

  /** The losses of steps 1, 2, ... of a curve's file. */
  static double[] read(Path curve) throws IOException {
    List<String> lines = Files.readAllLines(curve);
    double[] losses = new double[Math.max(0, lines.size() - 1)];
    for (int i = 0; i < losses.length; i++) {
      String line = lines.get(i + 1);
      try {
        losses[i] = Double.parseDouble(line.substring(line.indexOf(',') + 1));
      } catch (NumberFormatException e) {
        throw new IOException(
            "%s: line %d is no step and loss: %s".formatted(curve, i + 2, line), e);
      }
    }
    if (losses.length == 0) {
      throw new IOException(curve + ": holds no losses");
    }
    return losses;
  }

  /** The mean of each value and those before it, {@code window} at most. */
  static double[] runningMean(double[] values, int window) {
    double[] means = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      int first = Math.max(0, i + 1 - window);
      means[i] = Arrays.stream(values, first, i + 1).average().orElseThrow();
    }
    return means;
  }

  private static BufferedImage panel(String title, double[] losses) {
    double[] steps = new double[losses.length];
    Arrays.setAll(steps, i -> i + 1);
    int window = Math.max(5, losses.length / 25);
    double[] means = runningMean(losses, window);
    double[] centres = new double[losses.length];
    // a mean stands over the middle of its steps, so that it doesn't lag behind the curve
    Arrays.setAll(centres, i -> (Math.max(0, i + 1 - window) + i) / 2.0 + 1);
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(
                "%s: %.4g after %d steps".formatted(title, means[means.length - 1], steps.length))
            .xAxisTitle("step")
            .yAxisTitle("loss")
            .build();
    double least = Arrays.stream(losses).min().orElseThrow();
    double most = Arrays.stream(losses).max().orElseThrow();
    chart
        .getStyler()
        .setYAxisLogarithmic(least > 0 && most > LOG_FROM * least)
        .setXAxisMin(0.0)
        .setXAxisMax((double) losses.length)
        .setLegendPosition(LegendPosition.InsideNE)
        .setChartBackgroundColor(Color.WHITE);
    chart
        .addSeries("each step", steps, losses)
        .setMarker(SeriesMarkers.NONE)
        .setLineColor(RAW)
        .setLineStyle(new BasicStroke(1));
    chart
        .addSeries("running mean", centres, means)
        .setMarker(SeriesMarkers.NONE)
        .setLineColor(MEAN)
        .setLineStyle(new BasicStroke(2));
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    chart.paint(g, WIDTH, HEIGHT);
    g.dispose();
    return image;
  }
}
