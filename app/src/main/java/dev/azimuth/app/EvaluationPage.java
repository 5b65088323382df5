package dev.azimuth.app;

import dev.azimuth.app.EvaluationReport.Figure;
import dev.azimuth.app.EvaluationReport.Pair;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.views.Image;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/** An {@link EvaluationReport} as one HTML file that holds its pictures and charts itself. */
final class EvaluationPage {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 340;

  private static final String STYLE =
      """
      body { font-family: sans-serif; margin: 2em; max-width: 75em; color: #222 }
      table { border-collapse: collapse; margin: 1em 0 }
      td, th { border-bottom: 1px solid #ccc; padding: .3em .8em; text-align: left }
      td.view, th.view { border: 0; padding: .2em; text-align: center; font-size: 80% }
      img.view { width: 96px; height: 96px; image-rendering: auto }
      code { background: #eee; padding: .1em .3em }
      """;

  private final EvaluationReport report;
  private final List<Pair> pairs;
  private final Map<String, List<float[]>> guesses;
  private final StringBuilder html = new StringBuilder();

  private EvaluationPage(
      EvaluationReport report, List<Pair> pairs, Map<String, List<float[]>> guesses) {
    this.report = report;
    this.pairs = pairs;
    this.guesses = guesses;
  }

  /** Writes the page, with pictures of the first {@code shown} pairs, whole or not at all. */
  static void write(
      Path file,
      EvaluationReport report,
      List<Pair> pairs,
      Map<String, List<float[]>> guesses,
      int shown)
      throws IOException {
    EvaluationPage page = new EvaluationPage(report, pairs, guesses);
    page.draw(shown);
    AtomicFile.write(file, page.html.toString().getBytes(StandardCharsets.UTF_8));
  }

  private void draw(int shown) throws IOException {
    html.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.append("<title>azimuth evaluate</title><style>").append(STYLE).append("</style></head>");
    html.append("<body><h1>New views of ").append(report.objects()).append(" objects</h1>\n<p>");
    text("%d views; %s.".formatted(report.views().size(), report.protocol()));
    html.append("</p><p><code>");
    text(report.command());
    html.append("</code></p><p>");
    text(
        "%s, seed %d. In brackets 95 %% intervals by bootstrap over objects. %s."
            .formatted(report.sampling(), report.seed(), EvaluationReport.bins()));
    html.append("</p>\n");
    for (String measure : report.measures()) {
      table(measure);
      chart(measure);
    }
    pictures(Math.min(shown, pairs.size()));
    list();
    html.append("</body></html>\n");
  }

  private void table(String measure) {
    html.append("<h2>");
    text(measure);
    html.append("</h2>\n<table><tr><th>guess</th>");
    EvaluationReport.sides().forEach(side -> cell("th", side));
    html.append("</tr>\n");
    for (String guess : guesses.keySet()) {
      html.append("<tr>");
      cell("td", guess);
      EvaluationReport.sides().forEach(side -> cell("td", report.cell(guess, measure, side)));
      html.append("</tr>\n");
    }
    html.append("</table>\n");
  }

  /** Bars by side with their intervals' half widths, where there are sides. */
  private void chart(String measure) throws IOException {
    CategoryChart chart =
        new CategoryChartBuilder().width(WIDTH).height(HEIGHT).yAxisTitle(measure).build();
    chart
        .getStyler()
        .setLegendPosition(LegendPosition.OutsideE)
        .setChartBackgroundColor(Color.WHITE)
        .setAntiAlias(true);
    boolean isEmpty = true;
    for (String guess : guesses.keySet()) {
      List<String> sides = new ArrayList<>();
      List<Double> values = new ArrayList<>();
      List<Double> errors = new ArrayList<>();
      for (Figure figure : report.figures()) {
        if (figure.guess().equals(guess) && figure.measure().equals(measure)) {
          sides.add(figure.views());
          values.add(figure.value().mean());
          errors.add((figure.value().high() - figure.value().low()) / 2);
        }
      }
      if (!sides.isEmpty()) {
        chart.addSeries(guess, sides, values, errors);
        isEmpty = false;
      }
    }
    if (isEmpty) {
      return;
    }
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    chart.paint(g, WIDTH, HEIGHT);
    g.dispose();
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(image, "png", png);
    html.append("<p>");
    image(png.toByteArray(), measure + " by side", "");
    html.append("</p>\n");
  }

  private void pictures(int shown) {
    html.append("<h2>Pictures</h2>\n<table><tr>");
    viewCell("th", "input");
    guesses.keySet().forEach(guess -> viewCell("th", guess));
    viewCell("th", "truth");
    viewCell("th", "");
    html.append("</tr>\n");
    for (int i = 0; i < shown; i++) {
      Pair pair = pairs.get(i);
      html.append("<tr>");
      view(pair.condition(), "input view " + pair.input());
      for (List<float[]> all : guesses.values()) {
        view(all.get(i), "guess");
      }
      view(pair.target(), "true view " + pair.output());
      viewCell("td", "%s, %+.0f°".formatted(pair.uid(), pair.azimuth()));
      html.append("</tr>\n");
    }
    html.append("</table>\n");
  }

  private void list() {
    html.append("<h2>List of views</h2>\n<details><summary>");
    html.append(pairs.size()).append(" pairs</summary><table><tr><th>object</th><th>input</th>");
    html.append("<th>target</th><th>azimuth</th><th>angle</th></tr>\n");
    for (Pair pair : pairs) {
      html.append("<tr>");
      cell("td", pair.uid());
      cell("td", "%03d".formatted(pair.input()));
      cell("td", "%03d".formatted(pair.output()));
      cell("td", "%+.1f°".formatted(pair.azimuth()));
      cell("td", "%.1f°".formatted(pair.degrees()));
      html.append("</tr>\n");
    }
    html.append("</table></details>\n");
  }

  private void view(float[] signed, String what) {
    int size = (int) Math.round(Math.sqrt(signed.length / 3.0));
    html.append("<td class=\"view\">");
    image(Image.ofSignedRgb(size, size, signed).encodePng(), what, " class=\"view\"");
    html.append("</td>");
  }

  private void image(byte[] png, String what, String attributes) {
    html.append("<img").append(attributes).append(" alt=\"");
    text(what);
    html.append("\" src=\"data:image/png;base64,");
    html.append(Base64.getEncoder().encodeToString(png)).append("\">");
  }

  private void viewCell(String tag, String text) {
    html.append("<%s class=\"view\">".formatted(tag));
    text(text);
    html.append("</%s>".formatted(tag));
  }

  private void cell(String tag, String text) {
    html.append('<').append(tag).append('>');
    text(text);
    html.append("</").append(tag).append('>');
  }

  private void text(String text) {
    html.append(
        text.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("\"", "&quot;"));
  }
}
