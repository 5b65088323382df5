package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import org.jspecify.annotations.Nullable;

/**
 * 3×3 convolutions of stride 1 by F(m×m, 3×3): outputs in tiles of m×m, each from p×p inputs, p = m
 * + 2, with p² multiplications per channel pair instead of 9m² (Lavin and Gray 2016).
 *
 * <p>Inputs are transformed to {@code [p²][tiles][C]}. A task then takes one panel of output
 * channels and some tiles: it transforms the panel's weights to {@code [p²][C][COLUMNS]},
 * multiplies p² times and transforms the results back, all in its core's caches; the transformed
 * weights, p²/9 of the weights, never go to memory. The input's gradient is the same with flipped
 * weights.
 *
 * <p>Images are cut into strips, one row of tiles each, that are copied with their padding first,
 * so that no transform asks for the image's edge.
 */
final class Winograd {
  private static final int TAPS = WinogradLines.TAPS;
  private static final int COLUMNS = RegisterBlock.COLUMNS;
  private static final WinogradFour FOUR = new WinogradFour();
  private static final WinogradTwo TWO = new WinogradTwo();

  // floats of transformed inputs kept at once: they should stay in the last cache
  private static final int CHUNK_SIZE = 1 << 21;
  // floats of a task's products: they should stay in the second-level cache
  private static final int TASK_SIZE = 160_000;
  // input channels of a panel's weights that are transformed together, in the first-level cache
  private static final int WEIGHTS_TOGETHER = 16;
  // fewer tiles don't pay for transforming the weights
  private static final int MIN_TILES = 16;
  private static final int MIN_SMALL_TILES = 24;

  private final WinogradLines lines;
  private final int points;

  Winograd(WinogradLines lines) {
    this.lines = lines;
    this.points = lines.points();
  }

  /** How this convolution gains by it, if it does, its channels filling vectors. */
  static @Nullable Winograd suiting(Conv2dGeometry g) {
    if (!hasWindow(g)) {
      return null;
    }
    if (isWorthTiling(FOUR, g, MIN_TILES)) {
      return new Winograd(FOUR);
    }
    return isWorthTiling(TWO, g, MIN_SMALL_TILES) ? new Winograd(TWO) : null;
  }

  /** Whether the kernel is 3×3 of stride 1 and channels fill vectors. */
  static boolean hasWindow(Conv2dGeometry g) {
    int lanes = RegisterBlock.SPECIES.length();
    return g.kernelHeight() == TAPS
        && g.kernelWidth() == TAPS
        && g.stride().vertical() == 1
        && g.stride().horizontal() == 1
        && g.groups() == 1
        && Math.max(g.padding().top(), g.padding().bottom()) < TAPS
        && Math.max(g.padding().left(), g.padding().right()) < TAPS
        && g.inChannels() % lanes == 0
        && g.outChannels() % lanes == 0
        && Math.min(g.inChannels(), g.outChannels()) >= 16;
  }

  /** Whether tiles reach little enough over the edge and there are enough, of x's and of y's. */
  static boolean isWorthTiling(WinogradLines lines, Conv2dGeometry g, int least) {
    return isWorthTiling(lines.tile(), g.batch(), g.outHeight(), g.outWidth(), least)
        && isWorthTiling(lines.tile(), g.batch(), g.height(), g.width(), least);
  }

  private static boolean isWorthTiling(int tile, int batch, int height, int width, int least) {
    int tiles = Math.ceilDiv(height, tile) * Math.ceilDiv(width, tile);
    return batch * tiles >= least && tiles * tile * tile <= 2 * height * width;
  }

  void run(Kernel.Conv2d kernel, WorkPool pool) {
    Conv2dGeometry g = kernel.geometry();
    float @Nullable [] bias = kernel.bias() == null ? null : HostBuffer.floats(kernel.bias());
    int ins = g.inChannels();
    int outs = g.outChannels();
    RightFactor weight = HostBuffer.transposed(kernel.weight(), outs, TAPS * TAPS * ins);
    WinogradImage x = image(HostBuffer.floats(kernel.x()), g, g.height(), g.width(), ins);
    WinogradImage y = image(HostBuffer.floats(kernel.y()), g, g.outHeight(), g.outWidth(), outs);
    convolve(x, g.padding().top(), g.padding().left(), weight, bias, y, pool);
  }

  /** With the weights [(tap, output channel), input channel], taps backwards. */
  void run(Kernel.Conv2dInputVjp kernel, RightFactor flipped, WorkPool pool) {
    Conv2dGeometry g = kernel.geometry();
    WinogradImage dy =
        image(HostBuffer.floats(kernel.dy()), g, g.outHeight(), g.outWidth(), g.outChannels());
    WinogradImage dx =
        image(HostBuffer.floats(kernel.dx()), g, g.height(), g.width(), g.inChannels());
    int top = TAPS - 1 - g.padding().top();
    int left = TAPS - 1 - g.padding().left();
    convolve(dy, top, left, flipped, null, dx, pool);
  }

  private WinogradImage image(
      float[] values, Conv2dGeometry g, int height, int width, int channels) {
    return new WinogradImage(values, g.batch(), height, width, channels, lines.tile());
  }

  /** y is x, shifted by (top, left), times weight [(tap, C), O] plus bias. */
  private void convolve(
      WinogradImage x,
      int top,
      int left,
      RightFactor weight,
      float @Nullable [] bias,
      WinogradImage y,
      WorkPool pool) {
    int frequencies = points * points;
    int stripSize = frequencies * x.channels() * y.across();
    int perChunk = Math.clamp(CHUNK_SIZE / stripSize, 1, y.strips());
    PackedFactor panels =
        weight instanceof PackedFactor p
            ? p
            : PackedFactor.passing(weight, y.channels(), TAPS * TAPS * x.channels(), pool);
    float[] transformed = Scratch.SHARED_INPUT.atLeast(perChunk * stripSize);
    for (int first = 0; first < y.strips(); first += perChunk) {
      int begin = first;
      int strips = Math.min(perChunk, y.strips() - first);
      int tiles = strips * y.across();
      pool.run(
          strips,
          i -> transformInput(x, top, left, y, begin + i, transformed, i * y.across(), tiles));
      int perTask = Math.max(1, TASK_SIZE / (frequencies * COLUMNS));
      int parts = Math.ceilDiv(tiles, perTask);
      int size = Math.ceilDiv(tiles, parts);
      pool.run(
          parts * Math.ceilDiv(y.channels(), COLUMNS),
          task -> {
            int from = task % parts * size;
            Part part = new Part(begin * y.across(), tiles, from, Math.min(tiles, from + size));
            panel(transformed, x.channels(), part, panels, task / parts * COLUMNS, bias, y);
          });
    }
  }

  /**
   * A task's tiles, {@code from} to {@code to}, exclusive, of a chunk's.
   *
   * @param before tiles before the chunk
   * @param tiles in the chunk
   */
  private record Part(int before, int tiles, int from, int to) {
    int count() {
      return to - from;
    }
  }

  /** Bᵀ x B for a strip of tiles of y, to tiles {@code tile ..} of [p²][tiles][C]. */
  void transformInput(
      WinogradImage x,
      int top,
      int left,
      WinogradImage y,
      int strip,
      float[] to,
      int tile,
      int tiles) {
    int channels = x.channels();
    int columns = y.across() * y.tile() + TAPS - 1;
    int row = columns * channels;
    float[] padded = Scratch.TASK_ROWS.atLeast(2 * points * row);
    int firstRow = strip % y.down() * y.tile() - top;
    x.copyPadded(strip / y.down(), firstRow, -left, points, columns, padded);
    int half = points * row;
    lines.input(padded, 0, row, padded, half, row, row);
    int step = tiles * channels;
    for (int i = 0; i < points; i++) {
      for (int j = 0; j < y.across(); j++) {
        int from = half + i * row + j * y.tile() * channels;
        int at = i * points * step + (tile + j) * channels;
        lines.input(padded, from, channels, to, at, step, channels);
      }
    }
  }

  /** The output channels of one panel for some tiles. */
  private void panel(
      float[] transformed,
      int channels,
      Part part,
      PackedFactor weight,
      int column,
      float @Nullable [] bias,
      WinogradImage y) {
    float[] panels = Scratch.TASK_PANELS.atLeast(points * points * channels * COLUMNS);
    transformWeight(weight, column, channels, panels);
    int count = part.count();
    float[] product = Scratch.TASK_RESULT.atLeast(points * points * count * COLUMNS);
    for (int f = 0; f < points * points; f++) {
      Product.multiplyPacked(
          new Factor.RowMajor(transformed, (f * part.tiles + part.from) * channels, channels),
          count,
          channels,
          panels,
          f * channels * COLUMNS,
          COLUMNS,
          new Product.Target.RowMajor(product, f * count * COLUMNS, COLUMNS));
    }
    int width = Math.min(COLUMNS, y.channels() - column);
    for (int t = 0; t < count; t++) {
      transformOutput(product, t, count, column, width, bias, y, part.before + part.from + t);
    }
  }

  /** G w Gᵀ for the output channels of a panel: [9][C][COLUMNS] to [p²][C][COLUMNS]. */
  private void transformWeight(PackedFactor weight, int column, int channels, float[] to) {
    int from = weight.panel(column);
    int step = channels * COLUMNS;
    float[] half = Scratch.TASK_ROWS.atLeast(points * TAPS * WEIGHTS_TOGETHER * COLUMNS);
    for (int c = 0; c < channels; c += WEIGHTS_TOGETHER) {
      int lanes = Math.min(WEIGHTS_TOGETHER, channels - c) * COLUMNS;
      int at = c * COLUMNS;
      for (int kx = 0; kx < TAPS; kx++) {
        int tap = from + kx * step + at;
        lines.weight(weight.panels(), tap, TAPS * step, half, kx * lanes, TAPS * lanes, lanes);
      }
      for (int i = 0; i < points; i++) {
        lines.weight(half, i * TAPS * lanes, lanes, to, i * points * step + at, step, lanes);
      }
    }
  }

  /** Aᵀ m A + bias for tile {@code t} of [p²][count][COLUMNS], to some channels of a tile of y. */
  private void transformOutput(
      float[] product,
      int t,
      int count,
      int column,
      int width,
      float @Nullable [] bias,
      WinogradImage y,
      int index) {
    int tile = y.tile();
    int step = count * COLUMNS;
    int line = points * COLUMNS;
    float[] half = Scratch.TASK_ROWS.atLeast((tile * points + tile) * COLUMNS);
    for (int i = 0; i < points; i++) {
      int from = i * step + t * COLUMNS;
      lines.output(product, from, points * step, half, i * COLUMNS, line, width);
    }
    int strip = index / y.across();
    int left = index % y.across() * tile;
    int top = strip % y.down() * tile;
    int rows = Math.min(tile, y.height() - top);
    int columns = Math.min(tile, y.width() - left);
    for (int r = 0; r < rows; r++) {
      int to = y.pixel(strip / y.down(), top + r, left) + column;
      if (columns == tile) {
        lines.output(half, r * line, COLUMNS, y.values(), to, y.channels(), width);
      } else {
        int whole = tile * line;
        lines.output(half, r * line, COLUMNS, half, whole, COLUMNS, width);
        for (int c = 0; c < columns; c++) {
          int from = whole + c * COLUMNS;
          System.arraycopy(half, from, y.values(), to + c * y.channels(), width);
        }
      }
      if (bias != null) {
        for (int c = 0; c < columns; c++) {
          RegisterBlock.add(bias, column, width, y.values(), to + c * y.channels());
        }
      }
    }
  }
}
