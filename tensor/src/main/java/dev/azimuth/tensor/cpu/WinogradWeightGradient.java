package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;

/**
 * The weight's gradient of a 3×3 convolution of stride 1 by F(4×4, 3×3): it multiplies the
 * transposed transforms, dW = Gᵀ [Σ (A dy Aᵀ) ⊙ (Bᵀ x B)] G, with the sum over tiles.
 */
final class WinogradWeightGradient {
  private static final int TAPS = WinogradLines.TAPS;
  private static final WinogradFour LINES = new WinogradFour();
  private static final Winograd WINOGRAD = new Winograd(LINES);
  private static final int TILE = LINES.tile();
  private static final int POINTS = LINES.points();
  private static final int FREQUENCIES = POINTS * POINTS;

  // floats of transformed x and dy kept at once
  private static final int CHUNK_SIZE = 1 << 20;
  private static final int MIN_CHUNK_TILES = 128;
  // fewer tiles don't pay for transforming the sums
  private static final int MIN_TILES = 24;

  private WinogradWeightGradient() {}

  /** Whether this convolution gains by it. */
  static boolean suits(Conv2dGeometry g) {
    return Winograd.hasWindow(g) && Winograd.isWorthTiling(LINES, g, MIN_TILES);
  }

  static void run(Kernel.Conv2dWeightVjp kernel, WorkPool pool) {
    Conv2dGeometry g = kernel.geometry();
    int ins = g.inChannels();
    int outs = g.outChannels();
    WinogradImage x =
        new WinogradImage(
            HostBuffer.floats(kernel.x()), g.batch(), g.height(), g.width(), ins, TILE);
    WinogradImage dy =
        new WinogradImage(
            HostBuffer.floats(kernel.dy()), g.batch(), g.outHeight(), g.outWidth(), outs, TILE);
    int strips = dy.strips();
    int chunkTiles = Math.max(MIN_CHUNK_TILES, CHUNK_SIZE / (FREQUENCIES * (ins + outs)));
    int perChunk = Math.min(strips, Math.max(1, chunkTiles / dy.across()));
    int capacity = perChunk * dy.across();
    float[] transformedX = Scratch.SHARED_INPUT.atLeast(FREQUENCIES * capacity * ins);
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
            WINOGRAD.transformInput(
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
  private static void transformGradient(
      WinogradImage dy, int strip, float[] to, int tile, int tiles) {
    int n = dy.channels();
    int columns = dy.across() * TILE;
    int row = columns * n;
    float[] padded = Scratch.TASK_ROWS.atLeast((TILE + POINTS) * row);
    dy.copyPadded(strip / dy.down(), strip % dy.down() * TILE, 0, TILE, columns, padded);
    int half = TILE * row;
    LINES.outputTransposed(padded, 0, row, padded, half, row, row);
    int step = tiles * n;
    for (int i = 0; i < POINTS; i++) {
      for (int j = 0; j < dy.across(); j++) {
        int from = half + i * row + j * TILE * n;
        int at = i * POINTS * step + (tile + j) * n;
        LINES.outputTransposed(padded, from, n, to, at, step, n);
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
      LINES.weightTransposed(sum, from, POINTS * step, half, i * ins, POINTS * ins, ins);
    }
    for (int ky = 0; ky < TAPS; ky++) {
      int to = (o * TAPS + ky) * TAPS * ins;
      LINES.weightTransposed(half, ky * POINTS * ins, ins, dWeight, to, ins, ins);
    }
  }
}
