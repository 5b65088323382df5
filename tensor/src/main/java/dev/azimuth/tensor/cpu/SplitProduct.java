package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.cpu.Product.Addend;
import dev.azimuth.tensor.cpu.Product.Panels;
import dev.azimuth.tensor.cpu.Product.Target;

/**
 * A matrix product c [m, n] = a [m, k] · b [k, n] whose k is long beside m and n, as in gradients
 * of weights.
 *
 * <p>k is cut into parts whose sums are added up in order; where the cuts are depends on m, n and k
 * alone, so results have the same bits on any number of threads. Both factors are packed by the
 * tasks, block by block, so that neither is ever packed as a whole.
 */
record SplitProduct(LeftFactor a, RightFactor b, int m, int n, int k) {
  private static final int COLUMNS = RegisterBlock.COLUMNS;
  // adding up the parts should cost little beside their products
  private static final int PART = 640;
  private static final int MAX_PARTS = 16;
  private static final int MAX_PARTIAL_SIZE = 1 << 24;
  private static final int TASKS_PER_THREAD = 2;
  // a task's panels should not leave the second-level cache by far
  private static final int MAX_TASK_COLUMNS = 640;

  /** Computes the product. */
  void into(Target.RowMajor c, WorkPool pool) {
    if (m == 0 || n == 0) {
      return;
    }
    int affordable = Math.max(1, MAX_PARTIAL_SIZE / Math.max(1, m * n));
    int parts = Math.clamp(Math.ceilDiv(k, PART), 1, Math.min(MAX_PARTS, affordable));
    if (parts == 1) {
      runParts(1, 0, c, pool);
      return;
    }
    float[] partial = Scratch.PARTIAL.atLeast(parts * m * n);
    runParts(parts, m * n, new Target.RowMajor(partial, 0, n), pool);
    int rowsPerTask = Math.max(1, 16_384 / n);
    pool.run(
        Math.ceilDiv(m, rowsPerTask),
        task -> {
          int end = Math.min(m, (task + 1) * rowsPerTask);
          for (int row = task * rowsPerTask; row < end; row++) {
            addParts(partial, row * n, parts, c, row);
          }
        });
  }

  private void addParts(float[] partial, int from, int parts, Target.RowMajor target, int row) {
    float[] c = target.values();
    int to = target.start() + row * target.stride();
    System.arraycopy(partial, from, c, to, n);
    for (int part = 1; part < parts; part++) {
      int at = from + part * m * n;
      for (int j = 0; j < n; j++) {
        c[to + j] += partial[at + j];
      }
    }
  }

  /** Part i goes to c, {@code i * partStride} elements further on. */
  private void runParts(int parts, int partStride, Target.RowMajor c, WorkPool pool) {
    int wanted = pool.threads() == 1 ? 1 : TASKS_PER_THREAD * pool.threads();
    int tiles = Math.ceilDiv(wanted, parts);
    // each tile packs its factors for itself: cutting the longer side repeats the cheaper packing
    int rows = m > n ? tileSize(m, tiles, RegisterBlock.ROWS) : m;
    int columns = m > n ? n : tileSize(n, tiles, COLUMNS);
    int rowTiles = Math.ceilDiv(m, rows);
    int columnTiles = Math.ceilDiv(n, columns);
    int partSize = Math.ceilDiv(k, parts);
    pool.run(
        parts * rowTiles * columnTiles,
        task -> {
          int part = task / (rowTiles * columnTiles);
          int row = task / columnTiles % rowTiles * rows;
          int column = task % columnTiles * columns;
          Region region =
              new Region(row, Math.min(rows, m - row), column, Math.min(columns, n - column));
          Target.RowMajor own =
              new Target.RowMajor(
                  c.values(),
                  c.start() + part * partStride + row * c.stride() + column,
                  c.stride());
          int from = Math.min(k, part * partSize);
          addRegion(from, Math.min(k, from + partSize), region, true, own);
        });
  }

  private static int tileSize(int size, int tiles, int unit) {
    return Math.ceilDiv(Math.ceilDiv(size, tiles), unit) * unit;
  }

  /** Some rows and columns of the result. */
  private record Region(int row, int rows, int column, int columns) {}

  /** On this thread alone and without parts: c = a · b if it {@code isFirst}, else c += a · b. */
  void addTo(Target.RowMajor c, boolean isFirst) {
    addRegion(0, k, new Region(0, m, 0, n), isFirst, c);
  }

  /** The sum over k from {@code from} to {@code to}, exclusive; c begins at the region. */
  private void addRegion(int from, int to, Region region, boolean isFirst, Target.RowMajor c) {
    for (int done = 0; done < region.columns; done += MAX_TASK_COLUMNS) {
      int columns = Math.min(MAX_TASK_COLUMNS, region.columns - done);
      Region slice = new Region(region.row, region.rows, region.column + done, columns);
      Target.RowMajor own = new Target.RowMajor(c.values(), c.start() + done, c.stride());
      addSlice(from, to, slice, isFirst, own);
    }
  }

  private void addSlice(int from, int to, Region region, boolean isFirst, Target.RowMajor c) {
    int blocks = Math.max(1, Math.ceilDiv(to - from, Product.BLOCK));
    int block = Math.ceilDiv(to - from, blocks);
    int panels = Math.ceilDiv(region.columns, COLUMNS);
    float[] packed = Scratch.TASK_PANELS.atLeast(panels * block * COLUMNS);
    float[] scratch = Scratch.TASK_ROWS.atLeast(Product.MAX_TILE_ROWS * block);
    for (int i = 0; i < blocks; i++) {
      int k0 = from + i * block;
      int count = Math.max(0, Math.min(block, to - k0));
      b.pack(region.column, region.columns, k0, count, packed, 0);
      Panels right = new Panels(packed, 0, count * COLUMNS);
      for (int row = 0; row < region.rows; row += Product.MAX_TILE_ROWS) {
        int rows = Math.min(Product.MAX_TILE_ROWS, region.rows - row);
        LeftFactor.Block left = a.block(region.row + row, rows, k0, count, scratch);
        Target.RowMajor tile =
            new Target.RowMajor(c.values(), c.start() + row * c.stride(), c.stride());
        Addend addend = i == 0 && isFirst ? Addend.NONE : Addend.sumSoFar(tile);
        Product.sweep(left, rows, count, right, region.columns, addend, tile);
      }
    }
  }
}
