package dev.azimuth.tensor.cpu;

import org.jspecify.annotations.Nullable;

/**
 * A matrix product c [m, n] = a [m, k] · b [k, n] (+ bias [n]) in float32, blocked for the caches.
 *
 * <p>b is packed into panels {@code [n / COLUMNS][k][COLUMNS]}. k runs in blocks of at most {@link
 * #BLOCK}, so that one panel's block stays in the first-level cache while {@link RegisterBlock}
 * sweeps over a tile of rows, and the tile's block of a in the second-level cache. Sums over k run
 * in an order that depends on k alone: results have the same bits on any number of threads.
 *
 * <p>{@link SplitProduct} is for small results with a long k.
 */
record Product(LeftFactor a, RightFactor b, int m, int n, int k) {
  /** Largest block of k. */
  static final int BLOCK = 320;

  /** Most rows in a tile. */
  static final int MAX_TILE_ROWS = 288;

  private static final int ROWS = RegisterBlock.ROWS;
  private static final int COLUMNS = RegisterBlock.COLUMNS;
  private static final int MIN_TILE_ROWS = 32;
  // a tile's rows and its part of the result should stay in the second-level cache
  private static final int TILE_PANELS = 512 / COLUMNS;
  // below so many multiply-adds a second thread costs more than it brings
  private static final long SMALL = 100_000;
  private static final int TASKS_PER_THREAD = 4;
  private static final float[] NO_BIAS = new float[COLUMNS];

  /** Where the result goes. */
  sealed interface Target {
    /** Row by row, {@code stride} elements apart. */
    @SuppressWarnings("ArrayRecordComponent") // a view of an array, never compared
    record RowMajor(float[] values, int start, int stride) implements Target {}

    /** Each row by itself. */
    @SuppressWarnings("ArrayRecordComponent")
    record Scattered(float[] values, RowStart rowStart) implements Target {}
  }

  /** Index of the first element of a row. */
  interface RowStart {
    int of(int row);
  }

  /** Packed panels: panel j at {@code start + j * stride}. */
  @SuppressWarnings("ArrayRecordComponent")
  record Panels(float[] values, int start, int stride) {}

  /** What is added to a block: element (row, column), a stride being 0 where it repeats. */
  @SuppressWarnings("ArrayRecordComponent")
  record Addend(float[] values, int start, int rowStride, int columnStride) {
    static final Addend NONE = new Addend(NO_BIAS, 0, 0, 0);

    /** What c holds already. */
    static Addend sumSoFar(Target.RowMajor c) {
      return new Addend(c.values(), c.start(), c.stride(), 1);
    }

    Addend fromRow(int row) {
      return new Addend(values, start + row * rowStride, rowStride, columnStride);
    }

    Addend fromColumn(int column) {
      return new Addend(values, start + column * columnStride, rowStride, columnStride);
    }
  }

  /** Computes the product; {@code bias} is read from {@code biasStart}. */
  void into(Target target, float @Nullable [] bias, int biasStart, WorkPool pool) {
    if (m == 0 || n == 0) {
      return;
    }
    Addend addend = bias == null ? Addend.NONE : new Addend(bias, biasStart, 0, 1);
    PackedFactor right = b instanceof PackedFactor p ? p : PackedFactor.passing(b, n, k, pool);
    Grid grid = grid(pool.threads());
    pool.run(
        grid.rowTiles * grid.columnTiles,
        task -> {
          int row = task / grid.columnTiles * grid.rows;
          int column = task % grid.columnTiles * grid.panels * COLUMNS;
          int columns = Math.min(n - column, grid.panels * COLUMNS);
          Panels tile = new Panels(right.panels(), right.panel(column), k * COLUMNS);
          int rows = Math.min(grid.rows, m - row);
          tile(row, rows, tile, column, columns, addend, target);
        });
  }

  /** On this thread alone: c = a · b with b in panels that lie one after another. */
  static void multiplyPacked(
      LeftFactor a,
      int rows,
      int k,
      float[] panels,
      int panelStart,
      int columns,
      Target.RowMajor c) {
    Panels right = new Panels(panels, panelStart, k * COLUMNS);
    tile(a, 0, rows, k, right, columns, Addend.NONE, c);
  }

  /** How the result is cut into tasks; no bit of it depends on this. */
  private record Grid(int rows, int rowTiles, int panels, int columnTiles) {}

  private Grid grid(int threads) {
    int panels = Math.ceilDiv(n, COLUMNS);
    if ((long) m * n * k < SMALL) {
      return new Grid(m, 1, panels, 1);
    }
    // rows of a tile share each panel: few tiles where the right factor is the larger
    int rows = Math.ceilDiv(m, Math.ceilDiv(m, MAX_TILE_ROWS));
    int rowTiles = Math.ceilDiv(m, Math.ceilDiv(rows, ROWS) * ROWS);
    int wanted = TASKS_PER_THREAD * threads;
    int columnTiles = Math.max(Math.ceilDiv(wanted, rowTiles), Math.ceilDiv(panels, TILE_PANELS));
    if (columnTiles > panels) {
      columnTiles = panels;
      rows = Math.max(MIN_TILE_ROWS, Math.ceilDiv(m, Math.ceilDiv(wanted, panels)));
    }
    rows = Math.min(MAX_TILE_ROWS, Math.ceilDiv(rows, ROWS) * ROWS);
    int tilePanels = Math.ceilDiv(panels, columnTiles);
    return new Grid(rows, Math.ceilDiv(m, rows), tilePanels, Math.ceilDiv(panels, tilePanels));
  }

  private void tile(
      int row, int rows, Panels panels, int column, int columns, Addend addend, Target target) {
    switch (target) {
      case Target.RowMajor(float[] values, int start, int stride) ->
          tile(
              a,
              row,
              rows,
              k,
              panels,
              columns,
              addend.fromColumn(column),
              new Target.RowMajor(values, start + row * stride + column, stride));
      case Target.Scattered(float[] values, RowStart rowStart) -> {
        float[] result = Scratch.TASK_RESULT.atLeast(rows * columns);
        Target.RowMajor local = new Target.RowMajor(result, 0, columns);
        tile(a, row, rows, k, panels, columns, addend.fromColumn(column), local);
        for (int r = 0; r < rows; r++) {
          System.arraycopy(result, r * columns, values, rowStart.of(row + r) + column, columns);
        }
      }
    }
  }

  private static void tile(
      LeftFactor a,
      int row,
      int rows,
      int k,
      Panels panels,
      int columns,
      Addend addend,
      Target.RowMajor c) {
    int blocks = Math.max(1, Math.ceilDiv(k, BLOCK));
    int block = Math.ceilDiv(k, blocks);
    float[] scratch = Scratch.TASK_ROWS.atLeast(Math.ceilDiv(rows, ROWS) * ROWS * block);
    for (int from = 0; from == 0 || from < k; from += block) {
      int count = Math.min(block, k - from);
      LeftFactor.Block left = a.block(row, rows, from, count, scratch);
      Panels right = new Panels(panels.values, panels.start + from * COLUMNS, panels.stride);
      sweep(left, rows, count, right, columns, from == 0 ? addend : Addend.sumSoFar(c), c);
      if (block == 0) {
        break;
      }
    }
  }

  /** c = left · right + addend over a tile: each panel against all rows. */
  static void sweep(
      LeftFactor.Block left,
      int rows,
      int k,
      Panels right,
      int columns,
      Addend addend,
      Target.RowMajor c) {
    for (int column = 0; column < columns; column += COLUMNS) {
      int width = Math.min(COLUMNS, columns - column);
      int panel = right.start + column / COLUMNS * right.stride;
      Addend add = addend.fromColumn(column);
      int whole = width == COLUMNS ? rows / ROWS * ROWS : 0;
      for (int row = 0; row < whole; row += ROWS) {
        Addend below = add.fromRow(row);
        block(
            left,
            row,
            k,
            right.values,
            panel,
            below,
            c.values(),
            c.start() + row * c.stride() + column,
            c.stride());
      }
      for (int row = whole; row < rows; row += ROWS) {
        edge(left, row, rows, k, right.values, panel, width, add, c, column);
      }
    }
  }

  /**
   * A block that reaches over the lower or right edge, computed whole in scratch memory. Where rows
   * are missing below it takes the last complete ones and drops those that are done already.
   */
  private static void edge(
      LeftFactor.Block left,
      int row,
      int rows,
      int k,
      float[] panels,
      int panel,
      int width,
      Addend addend,
      Target.RowMajor c,
      int column) {
    int first = left.isInterleaved() ? row : Math.max(0, Math.min(row, rows - ROWS));
    float[] block = Scratch.EDGE.atLeast(ROWS * COLUMNS);
    block(left, first, k, panels, panel, Addend.NONE, block, 0, COLUMNS);
    for (int r = row; r < Math.min(rows, row + ROWS); r++) {
      int to = c.start() + r * c.stride() + column;
      int add = addend.start + r * addend.rowStride;
      int from = (r - first) * COLUMNS;
      for (int j = 0; j < width; j++) {
        c.values()[to + j] = block[from + j] + addend.values[add + j * addend.columnStride];
      }
    }
  }

  private static void block(
      LeftFactor.Block left,
      int row,
      int k,
      float[] panels,
      int panel,
      Addend addend,
      float[] c,
      int to,
      int stride) {
    float[] a = left.values();
    int from = left.start() + row * left.stride();
    float[] add = addend.values;
    if (left.isInterleaved()) {
      RegisterBlock.multiplyInterleaved(
          k, a, from, panels, panel, add, addend.start, addend.rowStride, c, to, stride);
    } else {
      RegisterBlock.multiply(
          k,
          a,
          from,
          left.stride(),
          panels,
          panel,
          add,
          addend.start,
          addend.rowStride,
          c,
          to,
          stride);
    }
  }
}
