package dev.azimuth.tensor.cpu;

import java.util.Arrays;

/**
 * The windows of images as a matrix that is never stored: row (image, i, j) of a grid of positions,
 * column (tap row, tap column, channel). Taps outside the image read 0.
 *
 * <p>As a left factor it makes a convolution a matrix product; as a right factor, the gradient of
 * its weight.
 */
@SuppressWarnings("ArrayRecordComponent") // a view of an array, never compared
record Patches(float[] values, Images images, Grid grid, Window window) implements Factor {

  /** Images [N, height, width, stride], of which channels {@code first .. first + channels - 1}. */
  record Images(int height, int width, int stride, int first, int channels) {
    int pixel(int image, int row, int column) {
      return ((image * height + row) * width + column) * stride + first;
    }
  }

  /** Positions per image; position (i, j) has its first tap at (origin + i · step, ...). */
  record Grid(
      int rows, int columns, int rowStep, int columnStep, int rowOrigin, int columnOrigin) {}

  /** Taps of a window, all one pixel apart. */
  record Window(int rows, int columns) {}

  @Override
  public Block block(int row, int rows, int k, int count, float[] scratch) {
    int j = row % grid.columns;
    int i = row / grid.columns % grid.rows;
    int image = row / grid.columns / grid.rows;
    for (int r = 0; r < rows; r++) {
      int top = grid.rowOrigin + i * grid.rowStep;
      int left = grid.columnOrigin + j * grid.columnStep;
      packRow(image, top, left, k, count, scratch, r * count);
      if (++j == grid.columns) {
        j = 0;
        if (++i == grid.rows) {
          i = 0;
          image++;
        }
      }
    }
    return Block.rowMajor(scratch, 0, count);
  }

  /** Columns k .. k + count - 1 of one window. */
  private void packRow(int image, int top, int left, int k, int count, float[] to, int at) {
    int tapRow = window.columns * images.channels;
    int end = k + count;
    for (int from = k; from < end; ) {
      int ky = from / tapRow;
      int until = Math.min(end, (ky + 1) * tapRow);
      int target = at + from - k;
      int y = top + ky;
      if (y < 0 || y >= images.height) {
        Arrays.fill(to, target, target + until - from, 0);
      } else if (images.channels == images.stride) {
        int first = from - ky * tapRow;
        packTaps(images.pixel(image, y, 0), left, first, until - from, to, target);
      } else {
        int first = from - ky * tapRow;
        packTapsApart(images.pixel(image, y, 0), left, first, until - from, to, target);
      }
      from = until;
    }
  }

  /** A run of taps side by side: with all channels taken it is one run of the image's row. */
  private void packTaps(int imageRow, int left, int first, int count, float[] to, int target) {
    int from = left * images.channels + first;
    int low = Math.clamp(-from, 0, count);
    int high = Math.clamp((long) images.width * images.channels - from, low, count);
    if (low > 0) {
      Arrays.fill(to, target, target + low, 0);
    }
    if (low < high) {
      System.arraycopy(values, imageRow + from + low, to, target + low, high - low);
    }
    if (high < count) {
      Arrays.fill(to, target + high, target + count, 0);
    }
  }

  /** The same where only some of each pixel's channels are taken. */
  private void packTapsApart(int imageRow, int left, int first, int count, float[] to, int target) {
    int channels = images.channels;
    for (int done = 0; done < count; ) {
      int kx = (first + done) / channels;
      int channel = (first + done) % channels;
      int run = Math.min(count - done, channels - channel);
      int x = left + kx;
      if (x < 0 || x >= images.width) {
        Arrays.fill(to, target + done, target + done + run, 0);
      } else {
        System.arraycopy(values, imageRow + x * images.stride + channel, to, target + done, run);
      }
      done += run;
    }
  }

  @Override
  public void packPanel(int column, int columns, int k, int count, float[] to, int start) {
    if (columns < RegisterBlock.COLUMNS) {
      Arrays.fill(to, start, start + count * RegisterBlock.COLUMNS, 0);
    }
    int channels = images.channels;
    for (int done = 0; done < columns; ) {
      int tap = (column + done) / channels;
      int channel = (column + done) % channels;
      int run = Math.min(columns - done, channels - channel);
      packTap(tap / window.columns, tap % window.columns, channel, run, k, count, to, start + done);
      done += run;
    }
  }

  /** {@code run} channels of one tap for rows k .. k + count - 1. */
  private void packTap(
      int ky, int kx, int channel, int run, int k, int count, float[] to, int start) {
    int j = k % grid.columns;
    int i = k / grid.columns % grid.rows;
    int image = k / grid.columns / grid.rows;
    int target = start;
    for (int left = count; left > 0; ) {
      int positions = Math.min(left, grid.columns - j);
      int y = grid.rowOrigin + i * grid.rowStep + ky;
      int x = grid.columnOrigin + j * grid.columnStep + kx;
      if (y < 0 || y >= images.height) {
        clear(positions, run, to, target);
      } else {
        packPositions(images.pixel(image, y, 0) + channel, x, positions, run, to, target);
      }
      target += positions * RegisterBlock.COLUMNS;
      left -= positions;
      j = 0;
      if (++i == grid.rows) {
        i = 0;
        image++;
      }
    }
  }

  /** One tap for neighbouring positions of one row: zeros, the inside, zeros. */
  private void packPositions(int imageRow, int x, int positions, int run, float[] to, int start) {
    int step = grid.columnStep;
    int low = Math.clamp(Math.ceilDiv(-x, step), 0, positions);
    int high = Math.clamp(Math.ceilDiv(images.width - x, step), low, positions);
    clear(low, run, to, start);
    int from = imageRow + (x + low * step) * images.stride;
    int target = start + low * RegisterBlock.COLUMNS;
    for (int p = low; p < high; p++) {
      if (run == RegisterBlock.COLUMNS) {
        RightFactor.copyPanelRow(values, from, to, target);
      } else {
        for (int c = 0; c < run; c++) {
          to[target + c] = values[from + c];
        }
      }
      from += step * images.stride;
      target += RegisterBlock.COLUMNS;
    }
    clear(positions - high, run, to, target);
  }

  private static void clear(int positions, int run, float[] to, int start) {
    for (int p = 0; p < positions; p++) {
      int target = start + p * RegisterBlock.COLUMNS;
      Arrays.fill(to, target, target + run, 0);
    }
  }
}
