package dev.azimuth.kernels;

import java.util.List;

/**
 * How a matrix product is cut for gemm.cuh: tiles of y, and pieces of k where the tiles alone would
 * leave the device idle. It depends on the sizes alone, so that results have the same bits on every
 * device.
 *
 * @param tile rows and columns of a tile, one of {@link #TILES}
 * @param splits pieces that k is cut into
 * @param kPerSplit length of a piece
 * @param blocks tiles of all products in all pieces
 */
record GemmPlan(int tile, int splits, int kPerSplit, long blocks) {
  /** {@code GEMM_THREADS}. */
  static final int THREADS = 256;

  /** Rows and columns that a tile may have. */
  static final List<Integer> TILES = List.of(64, 128);

  /** Blocks that keep a device busy. */
  private static final int ENOUGH = 128;

  /** Shorter pieces of k cost more to add up than they gain. */
  private static final int SHORTEST = 256;

  /** {@code batch} products of [m, k] and [k, n]. */
  static GemmPlan of(int batch, int m, int n, int k) {
    int tile = tiles(128, batch, m, n) >= ENOUGH ? 128 : 64;
    long tiles = tiles(tile, batch, m, n);
    int splits = 1;
    if (tiles > 0 && tiles < ENOUGH) {
      splits = (int) Math.max(1, Math.min(2 * ENOUGH / tiles, k / SHORTEST));
    }
    int kPerSplit = Math.max(1, Math.ceilDiv(k, splits));
    splits = Math.max(1, Math.ceilDiv(k, kPerSplit));
    return new GemmPlan(tile, splits, kPerSplit, tiles * splits);
  }

  private static long tiles(int tile, int batch, int m, int n) {
    return (long) batch * Math.ceilDiv(m, tile) * Math.ceilDiv(n, tile);
  }
}
