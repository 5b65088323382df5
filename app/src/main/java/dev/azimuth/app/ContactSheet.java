package dev.azimuth.app;

import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.views.Image;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/** Rows of pictures with labels, on one PNG. */
final class ContactSheet {
  private static final int GAP = 6;
  private static final int LABEL_WIDTH = 120;
  private static final int LINE = 15;
  private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 12);

  private final int cell;
  private final String title;
  private final List<Row> rows = new ArrayList<>();

  /** A row: lines of text at its left, pictures, and a caption under each (empty for none). */
  private record Row(List<String> label, List<Image> pictures, List<String> captions) {}

  /** A sheet whose pictures are shown {@code cell} pixels wide and high. */
  ContactSheet(String title, int cell) {
    this.title = title;
    this.cell = cell;
  }

  /** Adds a row of pictures; {@code captions} is empty or has one for each picture. */
  ContactSheet row(List<String> label, List<Image> pictures, List<String> captions) {
    rows.add(new Row(List.copyOf(label), List.copyOf(pictures), List.copyOf(captions)));
    return this;
  }

  /** The sheet as a picture. */
  BufferedImage draw() {
    int columns = rows.stream().mapToInt(r -> r.pictures.size()).max().orElse(0);
    int width = LABEL_WIDTH + GAP + columns * (cell + GAP);
    int height = 2 * GAP + LINE + rows.stream().mapToInt(this::height).sum();
    BufferedImage sheet = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = sheet.createGraphics();
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    g.setFont(FONT);
    g.setColor(new Color(0xF2F2F2));
    g.fillRect(0, 0, width, height);
    g.setColor(Color.DARK_GRAY);
    g.drawString(title, GAP, GAP + LINE - 4);
    int y = 2 * GAP + LINE;
    for (Row row : rows) {
      draw(g, row, y);
      y += height(row);
    }
    g.dispose();
    return sheet;
  }

  private int height(Row row) {
    // captions end what belongs together
    return cell + GAP + (row.captions.isEmpty() ? 0 : LINE + GAP);
  }

  private void draw(Graphics2D g, Row row, int y) {
    g.setColor(Color.DARK_GRAY);
    for (int i = 0; i < row.label.size(); i++) {
      g.drawString(fitted(g, row.label.get(i), LABEL_WIDTH - GAP), GAP, y + (i + 1) * LINE);
    }
    for (int i = 0; i < row.pictures.size(); i++) {
      int x = LABEL_WIDTH + GAP + i * (cell + GAP);
      g.drawImage(row.pictures.get(i).toBufferedImage(), x, y, cell, cell, null);
      if (!row.captions.isEmpty()) {
        g.drawString(fitted(g, row.captions.get(i), cell), x, y + cell + LINE - 3);
      }
    }
  }

  private static String fitted(Graphics2D g, String text, int width) {
    FontMetrics metrics = g.getFontMetrics();
    String shown = text;
    while (shown.length() > 1 && metrics.stringWidth(shown) > width) {
      shown = shown.substring(0, shown.length() - 2) + "…";
    }
    return shown;
  }

  /** Writes the sheet as a PNG, whole or not at all. */
  void write(Path file) throws IOException {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    if (!ImageIO.write(draw(), "png", png)) {
      throw new IOException(file + ": this JDK writes no PNG");
    }
    AtomicFile.write(file, png.toByteArray());
  }
}
