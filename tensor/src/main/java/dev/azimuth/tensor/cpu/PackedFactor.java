package dev.azimuth.tensor.cpu;

/**
 * A right factor [k, n] as it is multiplied by: panels {@code [n / COLUMNS][k][COLUMNS]}, the last
 * one filled up with zeros.
 */
@SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
record PackedFactor(float[] panels, int n, int k) implements RightFactor {
  private static final int COLUMNS = RegisterBlock.COLUMNS;
  // floats that a task packs at least
  private static final int TASK_SIZE = 16_384;

  /** A factor in new memory. */
  static PackedFactor of(RightFactor b, int n, int k, WorkPool pool) {
    return pack(b, n, k, new float[size(n, k)], pool);
  }

  /** A factor in this thread's working memory, until the next is packed there. */
  static PackedFactor passing(RightFactor b, int n, int k, WorkPool pool) {
    return pack(b, n, k, Scratch.SHARED_PANELS.atLeast(size(n, k)), pool);
  }

  private static int size(int n, int k) {
    return Math.toIntExact((long) Math.ceilDiv(n, COLUMNS) * COLUMNS * k);
  }

  private static PackedFactor pack(RightFactor b, int n, int k, float[] panels, WorkPool pool) {
    int perTask = Math.max(1, TASK_SIZE / Math.max(1, k * COLUMNS));
    pool.run(
        Math.ceilDiv(Math.ceilDiv(n, COLUMNS), perTask),
        task -> {
          int column = task * perTask * COLUMNS;
          int columns = Math.min(n - column, perTask * COLUMNS);
          b.pack(column, columns, 0, k, panels, column * k);
        });
    return new PackedFactor(panels, n, k);
  }

  /** Where the panel that begins at {@code column} does. */
  int panel(int column) {
    return column * k;
  }

  /** The matrix [n, k], row by row: what was packed, transposed. */
  float[] unpacked() {
    float[] values = new float[n * k];
    for (int column = 0; column < n; column += COLUMNS) {
      int width = Math.min(COLUMNS, n - column);
      Transposition.copy(panels, panel(column), COLUMNS, k, width, values, column * k, k);
    }
    return values;
  }

  @Override
  public void packPanel(int column, int columns, int from, int count, float[] to, int start) {
    System.arraycopy(panels, panel(column) + from * COLUMNS, to, start, count * COLUMNS);
  }
}
