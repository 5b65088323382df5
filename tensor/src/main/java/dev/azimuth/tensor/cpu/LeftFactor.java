package dev.azimuth.tensor.cpu;

/** The left factor [m, k] of a product, handed out in row-major blocks. */
interface LeftFactor {

  /**
   * A block, row-major with element (row, k) at {@code values[start + row * stride + k]}, or
   * interleaved: rows q·4 .. q·4 + 3 lie as {@code [k][4]} from {@code start + q * 4 * stride}.
   */
  @SuppressWarnings("ArrayRecordComponent") // a view of an array, never compared
  record Block(float[] values, int start, int stride, boolean isInterleaved) {
    /** A row-major block. */
    static Block rowMajor(float[] values, int start, int stride) {
      return new Block(values, start, stride, false);
    }
  }

  /**
   * Rows {@code row .. row + rows - 1}, columns {@code k .. k + count - 1}.
   *
   * @param scratch room for the block with its rows filled up to a multiple of {@link
   *     RegisterBlock#ROWS}; the block lies in it unless the factor itself holds at least that many
   *     rows in this order
   */
  Block block(int row, int rows, int k, int count, float[] scratch);
}
