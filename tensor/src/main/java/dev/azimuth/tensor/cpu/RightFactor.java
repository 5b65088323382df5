package dev.azimuth.tensor.cpu;

import jdk.incubator.vector.FloatVector;

/** The right factor [k, n] of a product, handed out in panels {@code [k][COLUMNS]}. */
interface RightFactor {

  /**
   * Writes rows {@code k .. k + count - 1} of the panel that begins at {@code column} to {@code
   * to[start + (p - k) * COLUMNS + lane]}; lanes from {@code columns} on become 0.
   *
   * @param columns how many columns the panel has, at most {@link RegisterBlock#COLUMNS}
   */
  void packPanel(int column, int columns, int k, int count, float[] to, int start);

  /** The same for any number of columns: panels one after another. */
  default void pack(int column, int columns, int k, int count, float[] to, int start) {
    for (int done = 0; done < columns; done += RegisterBlock.COLUMNS) {
      int width = Math.min(RegisterBlock.COLUMNS, columns - done);
      packPanel(column + done, width, k, count, to, start + done * count);
    }
  }

  /** Copies one row of a panel and fills it up with zeros. */
  static void copyRow(float[] from, int source, int columns, float[] to, int target) {
    if (columns == RegisterBlock.COLUMNS) {
      copyPanelRow(from, source, to, target);
    } else {
      for (int i = 0; i < RegisterBlock.COLUMNS; i++) {
        to[target + i] = i < columns ? from[source + i] : 0;
      }
    }
  }

  /** Copies one row of a full panel. */
  static void copyPanelRow(float[] from, int source, float[] to, int target) {
    int lanes = RegisterBlock.SPECIES.length();
    FloatVector.fromArray(RegisterBlock.SPECIES, from, source).intoArray(to, target);
    FloatVector.fromArray(RegisterBlock.SPECIES, from, source + lanes)
        .intoArray(to, target + lanes);
  }
}
