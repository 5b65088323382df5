package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * 3×3 convolutions of stride 1 by F(4×4, 3×3): outputs in tiles of 4×4, each from 6×6 inputs with
 * 36 multiplications per channel pair instead of 144 (Lavin and Gray 2016).
 *
 * <p>Inputs are transformed to {@code [36][tiles][C]} and weights to {@code [36][C][O]}; 36 matrix
 * products follow, and their results {@code [36][tiles][O]} are transformed back. The input's
 * gradient is the same with flipped weights. The weight's gradient multiplies the transposed
 * transforms: dW = Gᵀ [Σ (A dy Aᵀ) ⊙ (Bᵀ x B)] G.
 *
 * <p>Images are cut into strips, one row of tiles each, that are copied with their padding first,
 * so that no transform asks for the image's edge.
 */
final class Winograd {
  private static final int POINTS = 6;
  private static final int TILE = 4;
  private static final int TAPS = 3;
  private static final int FREQUENCIES = POINTS * POINTS;
  private static final int COLUMNS = RegisterBlock.COLUMNS;

  // a task's transformed inputs and results should not leave the second-level cache by far
  private static final int TASK_TILES = 24;
  // floats of transformed x and dy kept at once for the weight's gradient
  private static final int CHUNK_SIZE = 1 << 20;
  private static final int MIN_CHUNK_TILES = 128;
  // output channels whose flipped weights are packed at a time, so that panels grow by long runs
  private static final int FLIPPED_TOGETHER = 16;

  // transforming the weights costs as much as multiplying about 20 tiles saves
  private static final int MIN_TILES = 24;
  private static final long MAX_WEIGHT_SIZE = 48 << 20;

  private Winograd() {}

  /** Whether this convolution, its channels filling vectors, gains by it. */
  static boolean suits(Conv2dGeometry g) {
    int lanes = RegisterBlock.SPECIES.length();
    boolean isPlain =
        g.kernelHeight() == TAPS
            && g.kernelWidth() == TAPS
            && g.stride().vertical() == 1
            && g.stride().horizontal() == 1
            && g.groups() == 1;
    boolean isPadded =
        g.padding().top() < TAPS
            && g.padding().left() < TAPS
            && g.padding().bottom() < TAPS
            && g.padding().right() < TAPS;
    return isPlain
        && isPadded
        && g.inChannels() % lanes == 0
        && g.outChannels() % lanes == 0
        && Math.min(g.inChannels(), g.outChannels()) >= 16
        && (long) FREQUENCIES * g.inChannels() * g.outChannels() <= MAX_WEIGHT_SIZE
        && isWorthTiling(g.batch(), g.outHeight(), g.outWidth())
        && isWorthTiling(g.batch(), g.height(), g.width());
  }

  /** Whether tiles reach little enough over the edge and are enough to pay for the weights. */
  private static boolean isWorthTiling(int batch, int height, int width) {
    int tiles = Math.ceilDiv(height, TILE) * Math.ceilDiv(width, TILE);
    return batch * tiles >= MIN_TILES && tiles * TILE * TILE <= 2 * height * width;
  }

  static void run(Kernel.Conv2d kernel, WorkPool pool) {
    Conv2dGeometry g = kernel.geometry();
    float @Nullable [] bias = kernel.bias() == null ? null : HostBuffer.floats(kernel.bias());
    float[] weight = HostBuffer.floats(kernel.weight());
    int ins = g.inChannels();
    int outs = g.outChannels();
    float[] packed = Scratch.SHARED_PANELS.atLeast(panelSize(ins, outs));
    pool.run(Math.ceilDiv(outs, COLUMNS), panel -> packWeight(weight, ins, outs, panel, packed));
    Image x = new Image(HostBuffer.floats(kernel.x()), g.batch(), g.height(), g.width(), ins);
    Image y =
        new Image(HostBuffer.floats(kernel.y()), g.batch(), g.outHeight(), g.outWidth(), outs);
    convolve(x, g.padding().top(), g.padding().left(), packed, bias, y, pool);
  }

  static void run(Kernel.Conv2dInputVjp kernel, WorkPool pool) {
    Conv2dGeometry g = kernel.geometry();
    float[] weight = HostBuffer.floats(kernel.weight());
    int ins = g.inChannels();
    int outs = g.outChannels();
    float[] packed = Scratch.SHARED_PANELS.atLeast(panelSize(outs, ins));
    pool.run(
        Math.ceilDiv(outs, FLIPPED_TOGETHER),
        task -> packFlippedWeight(weight, ins, outs, task * FLIPPED_TOGETHER, packed));
    Image dy =
        new Image(HostBuffer.floats(kernel.dy()), g.batch(), g.outHeight(), g.outWidth(), outs);
    Image dx = new Image(HostBuffer.floats(kernel.dx()), g.batch(), g.height(), g.width(), ins);
    int top = TAPS - 1 - g.padding().top();
    int left = TAPS - 1 - g.padding().left();
    convolve(dy, top, left, packed, null, dx, pool);
  }

  /** Images [batch, height, width, channels]. */
  @SuppressWarnings("ArrayRecordComponent") // a view of an array, never compared
  private record Image(float[] values, int batch, int height, int width, int channels) {
    int pixel(int image, int row, int column) {
      return ((image * height + row) * width + column) * channels;
    }

    /** Tiles in a row. */
    int across() {
      return Math.ceilDiv(width, TILE);
    }

    /** Rows of tiles in an image. */
    int down() {
      return Math.ceilDiv(height, TILE);
    }
  }

  private static int panelSize(int k, int n) {
    return FREQUENCIES * Math.ceilDiv(n, COLUMNS) * COLUMNS * k;
  }

  // --- weights ---

  /** G w Gᵀ for one output channel: [36][channels], {@code step} apart. */
  private static void transformWeight(
      float[] weight, int start, int channels, float[] to, int at, int step) {
    float[] half = Scratch.TASK_RESULT.atLeast(POINTS * TAPS * channels);
    int row = TAPS * channels;
    WinogradLines.weight(weight, start, row, half, 0, row, row);
    for (int i = 0; i < POINTS; i++) {
      WinogradLines.weight(half, i * row, channels, to, at + i * POINTS * step, step, channels);
    }
  }

  /** A panel of output channels as [36][panels][ins][COLUMNS]. */
  private static void packWeight(float[] weight, int ins, int outs, int panel, float[] packed) {
    int panels = Math.ceilDiv(outs, COLUMNS);
    int first = panel * COLUMNS;
    int width = Math.min(COLUMNS, outs - first);
    float[] rows = Scratch.TASK_ROWS.atLeast(FREQUENCIES * COLUMNS * ins);
    for (int o = 0; o < width; o++) {
      int from = (first + o) * TAPS * TAPS * ins;
      transformWeight(weight, from, ins, rows, o * ins, COLUMNS * ins);
    }
    for (int f = 0; f < FREQUENCIES; f++) {
      int to = (f * panels + panel) * ins * COLUMNS;
      if (width < COLUMNS) {
        Arrays.fill(packed, to, to + ins * COLUMNS, 0);
      }
      Transposition.copy(rows, f * COLUMNS * ins, ins, width, ins, packed, to, COLUMNS);
    }
  }

  /** Some output channels of the flipped weight as rows of [36][panels of ins][outs][COLUMNS]. */
  private static void packFlippedWeight(
      float[] weight, int ins, int outs, int first, float[] packed) {
    int count = Math.min(FLIPPED_TOGETHER, outs - first);
    float[] flipped = Scratch.TASK_PANELS.atLeast(TAPS * TAPS * ins);
    float[] rows = Scratch.TASK_ROWS.atLeast(FREQUENCIES * count * ins);
    for (int o = 0; o < count; o++) {
      int from = (first + o) * TAPS * TAPS * ins;
      for (int tap = 0; tap < TAPS * TAPS; tap++) {
        int opposite = TAPS * TAPS - 1 - tap;
        System.arraycopy(weight, from + opposite * ins, flipped, tap * ins, ins);
      }
      transformWeight(flipped, 0, ins, rows, o * ins, count * ins);
    }
    int panels = Math.ceilDiv(ins, COLUMNS);
    for (int f = 0; f < FREQUENCIES; f++) {
      for (int panel = 0; panel < panels; panel++) {
        int width = Math.min(COLUMNS, ins - panel * COLUMNS);
        int from = f * count * ins + panel * COLUMNS;
        int to = ((f * panels + panel) * outs + first) * COLUMNS;
        for (int o = 0; o < count; o++) {
          RightFactor.copyRow(rows, from + o * ins, width, packed, to + o * COLUMNS);
        }
      }
    }
  }

  // --- forward, and backward to the input ---

  private static void convolve(
      Image x, int top, int left, float[] weight, float @Nullable [] bias, Image y, WorkPool pool) {
    int strips = y.batch * y.down();
    int perTask = Math.max(1, TASK_TILES / y.across());
    perTask = Math.max(1, Math.min(perTask, Math.ceilDiv(strips, 2 * pool.threads())));
    int stripsPerTask = perTask;
    pool.run(
        Math.ceilDiv(strips, perTask),
        task -> {
          int first = task * stripsPerTask;
          int end = Math.min(strips, first + stripsPerTask);
          convolveStrips(x, top, left, weight, bias, y, first, end);
        });
  }

  private static void convolveStrips(
      Image x,
      int top,
      int left,
      float[] weight,
      float @Nullable [] bias,
      Image y,
      int first,
      int end) {
    int tiles = (end - first) * y.across();
    int k = x.channels;
    int n = y.channels;
    float[] transformed = Scratch.TASK_PANELS.atLeast(FREQUENCIES * tiles * k);
    for (int strip = first; strip < end; strip++) {
      int tile = (strip - first) * y.across();
      transformInput(x, top, left, y, strip, transformed, tile, tiles);
    }
    float[] product = Scratch.TASK_RESULT.atLeast(FREQUENCIES * tiles * n);
    int panels = Math.ceilDiv(n, COLUMNS);
    for (int f = 0; f < FREQUENCIES; f++) {
      Product.multiplyPacked(
          new Factor.RowMajor(transformed, f * tiles * k, k),
          tiles,
          k,
          weight,
          f * panels * k * COLUMNS,
          n,
          new Product.Target.RowMajor(product, f * tiles * n, n));
    }
    for (int strip = first; strip < end; strip++) {
      for (int j = 0; j < y.across(); j++) {
        transformOutput(product, (strip - first) * y.across() + j, tiles, bias, y, strip, j);
      }
    }
  }

  /** Bᵀ x B for a strip of tiles of y, to tiles {@code tile ..} of [36][tiles][C]. */
  private static void transformInput(
      Image x, int top, int left, Image y, int strip, float[] to, int tile, int tiles) {
    int columns = y.across() * TILE + TAPS - 1;
    int row = columns * x.channels;
    float[] padded = Scratch.TASK_ROWS.atLeast(2 * POINTS * row);
    int image = strip / y.down();
    int firstRow = strip % y.down() * TILE - top;
    copyPadded(x, image, firstRow, -left, POINTS, columns, padded);
    int half = POINTS * row;
    WinogradLines.input(padded, 0, row, padded, half, row, row);
    int step = tiles * x.channels;
    for (int i = 0; i < POINTS; i++) {
      for (int j = 0; j < y.across(); j++) {
        int from = half + i * row + j * TILE * x.channels;
        int at = i * POINTS * step + (tile + j) * x.channels;
        WinogradLines.input(padded, from, x.channels, to, at, step, x.channels);
      }
    }
  }

  /** {@code rows} × {@code columns} pixels from (top, left) on, 0 outside the image. */
  private static void copyPadded(
      Image x, int image, int top, int left, int rows, int columns, float[] to) {
    int channels = x.channels;
    int low = Math.clamp(-left, 0, columns);
    int high = Math.clamp(x.width - left, low, columns);
    for (int r = 0; r < rows; r++) {
      int at = r * columns * channels;
      int row = top + r;
      if (row < 0 || row >= x.height || low == high) {
        Arrays.fill(to, at, at + columns * channels, 0);
      } else {
        Arrays.fill(to, at, at + low * channels, 0);
        int from = x.pixel(image, row, left + low);
        System.arraycopy(x.values, from, to, at + low * channels, (high - low) * channels);
        Arrays.fill(to, at + high * channels, at + columns * channels, 0);
      }
    }
  }

  /** Aᵀ m A + bias for one tile of [36][tiles][O], to its place in y. */
  private static void transformOutput(
      float[] product, int tile, int tiles, float @Nullable [] bias, Image y, int strip, int j) {
    int n = y.channels;
    int step = tiles * n;
    float[] half = Scratch.TASK_ROWS.atLeast((TILE * POINTS + TILE) * n);
    for (int i = 0; i < POINTS; i++) {
      int from = i * step + tile * n;
      WinogradLines.output(product, from, POINTS * step, half, i * n, POINTS * n, n);
    }
    int image = strip / y.down();
    int row = strip % y.down() * TILE;
    int column = j * TILE;
    int rows = Math.min(TILE, y.height - row);
    int columns = Math.min(TILE, y.width - column);
    for (int r = 0; r < rows; r++) {
      int to = y.pixel(image, row + r, column);
      int from = r * POINTS * n;
      if (columns == TILE) {
        WinogradLines.output(half, from, n, y.values, to, n, n);
      } else {
        int whole = TILE * POINTS * n;
        WinogradLines.output(half, from, n, half, whole, n, n);
        System.arraycopy(half, whole, y.values, to, columns * n);
      }
      if (bias != null) {
        WinogradLines.addBias(bias, y.values, to, columns);
      }
    }
  }

  // --- backward to the weight ---

  static void run(Kernel.Conv2dWeightVjp kernel, WorkPool pool) {
    Conv2dGeometry g = kernel.geometry();
    int ins = g.inChannels();
    int outs = g.outChannels();
    Image x = new Image(HostBuffer.floats(kernel.x()), g.batch(), g.height(), g.width(), ins);
    Image dy =
        new Image(HostBuffer.floats(kernel.dy()), g.batch(), g.outHeight(), g.outWidth(), outs);
    int strips = dy.batch * dy.down();
    int chunkTiles = Math.max(MIN_CHUNK_TILES, CHUNK_SIZE / (FREQUENCIES * (ins + outs)));
    int perChunk = Math.min(strips, Math.max(1, chunkTiles / dy.across()));
    int capacity = perChunk * dy.across();
    float[] transformedX = Scratch.SHARED_PANELS.atLeast(FREQUENCIES * capacity * ins);
    float[] transformedDy = Scratch.PARTIAL.atLeast(FREQUENCIES * capacity * outs);
    float[] sum = Scratch.SHARED_RESULT.atLeast(FREQUENCIES * outs * ins);
    for (int first = 0; first < strips; first += perChunk) {
      int begin = first;
      int count = Math.min(perChunk, strips - first);
      int tiles = count * dy.across();
      pool.run(
          count,
          i -> {
            int tile = i * dy.across();
            transformInput(
                x, g.padding().top(), g.padding().left(), dy, begin + i, transformedX, tile, tiles);
            transformGradient(dy, begin + i, transformedDy, tile, tiles);
          });
      pool.run(
          FREQUENCIES,
          f ->
              new SplitProduct(
                      new Factor.ColumnMajor(transformedDy, f * tiles * outs, outs),
                      new Factor.RowMajor(transformedX, f * tiles * ins, ins),
                      outs,
                      ins,
                      tiles)
                  .addTo(new Product.Target.RowMajor(sum, f * outs * ins, ins), begin == 0));
    }
    float[] dWeight = HostBuffer.floats(kernel.dWeight());
    pool.run(outs, o -> transformWeightGradient(sum, ins, outs, o, dWeight));
  }

  /** A dy Aᵀ for a strip of tiles, to tiles {@code tile ..} of [36][tiles][O]. */
  private static void transformGradient(Image dy, int strip, float[] to, int tile, int tiles) {
    int n = dy.channels;
    int columns = dy.across() * TILE;
    int row = columns * n;
    float[] padded = Scratch.TASK_ROWS.atLeast((TILE + POINTS) * row);
    copyPadded(dy, strip / dy.down(), strip % dy.down() * TILE, 0, TILE, columns, padded);
    int half = TILE * row;
    WinogradLines.outputTransposed(padded, 0, row, padded, half, row, row);
    int step = tiles * n;
    for (int i = 0; i < POINTS; i++) {
      for (int j = 0; j < dy.across(); j++) {
        int from = half + i * row + j * TILE * n;
        int at = i * POINTS * step + (tile + j) * n;
        WinogradLines.outputTransposed(padded, from, n, to, at, step, n);
      }
    }
  }

  /** Gᵀ u G for one output channel. */
  private static void transformWeightGradient(
      float[] sum, int ins, int outs, int o, float[] dWeight) {
    float[] half = Scratch.TASK_ROWS.atLeast(TAPS * POINTS * ins);
    int step = outs * ins;
    for (int i = 0; i < POINTS; i++) {
      int from = i * step + o * ins;
      WinogradLines.weightTransposed(sum, from, POINTS * step, half, i * ins, POINTS * ins, ins);
    }
    for (int ky = 0; ky < TAPS; ky++) {
      int to = (o * TAPS + ky) * TAPS * ins;
      WinogradLines.weightTransposed(half, ky * POINTS * ins, ins, dWeight, to, ins, ins);
    }
  }
}
