package dev.azimuth.app;

import dev.azimuth.views.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Many pictures of one size in one file, row by row, without gaps. */
final class PictureGrid {
  private PictureGrid() {}

  /** Writes square pictures, the last row filled up with white. */
  static void write(Path file, List<Image> pictures, int columns) throws IOException {
    int size = pictures.get(0).width();
    int rows = Math.ceilDiv(pictures.size(), columns);
    float[] rgba = new float[rows * columns * size * size * 4];
    Arrays.fill(rgba, 1);
    for (int i = 0; i < pictures.size(); i++) {
      for (int y = 0; y < size; y++) {
        int to = ((i / columns * size + y) * columns + i % columns) * size * 4;
        System.arraycopy(pictures.get(i).rgba(), y * size * 4, rgba, to, size * 4);
      }
    }
    new Image(columns * size, rows * size, rgba).writePng(file);
  }

  /**
   * Reads {@code count} pictures of {@code size}, each [size, size, 3] in [-1, 1].
   *
   * @throws IOException naming the file if it holds fewer, or isn't a picture
   */
  static List<float[]> read(Path file, int count, int size) throws IOException {
    Image grid = Image.read(file);
    int columns = grid.width() / size;
    if (grid.width() % size != 0
        || grid.height() % size != 0
        || columns * (grid.height() / size) < count) {
      throw new IOException(
          "%s: %d x %d pixels don't hold %d pictures of %d x %d"
              .formatted(file, grid.width(), grid.height(), count, size, size));
    }
    float[] all = grid.toSignedRgb();
    List<float[]> pictures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] picture = new float[size * size * 3];
      for (int y = 0; y < size; y++) {
        int from = ((i / columns * size + y) * columns + i % columns) * size * 3;
        System.arraycopy(all, from, picture, y * size * 3, size * 3);
      }
      pictures.add(picture);
    }
    return pictures;
  }
}
