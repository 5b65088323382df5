package dev.azimuth.tensor.cpu;

import java.util.Arrays;

/** Images [batch, height, width, channels], cut into square tiles from the upper left corner. */
@SuppressWarnings("ArrayRecordComponent") // a view of an array, never compared
record WinogradImage(float[] values, int batch, int height, int width, int channels, int tile) {
  int pixel(int image, int row, int column) {
    return ((image * height + row) * width + column) * channels;
  }

  /** Tiles in a row. */
  int across() {
    return Math.ceilDiv(width, tile);
  }

  /** Rows of tiles in an image. */
  int down() {
    return Math.ceilDiv(height, tile);
  }

  /** Rows of tiles in all images. */
  int strips() {
    return batch * down();
  }

  /** {@code rows} × {@code columns} pixels from (top, left) on, 0 outside the image. */
  void copyPadded(int image, int top, int left, int rows, int columns, float[] to) {
    int low = Math.clamp(-left, 0, columns);
    int high = Math.clamp(width - left, low, columns);
    for (int r = 0; r < rows; r++) {
      int at = r * columns * channels;
      int row = top + r;
      if (row < 0 || row >= height || low == high) {
        Arrays.fill(to, at, at + columns * channels, 0);
      } else {
        Arrays.fill(to, at, at + low * channels, 0);
        int from = pixel(image, row, left + low);
        System.arraycopy(values, from, to, at + low * channels, (high - low) * channels);
        Arrays.fill(to, at + high * channels, at + columns * channels, 0);
      }
    }
  }
}
