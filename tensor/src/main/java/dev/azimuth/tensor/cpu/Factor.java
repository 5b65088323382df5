package dev.azimuth.tensor.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** A matrix that can stand on either side of a product. */
interface Factor extends LeftFactor, RightFactor {

  /** A matrix stored row by row, {@code stride} elements apart, from {@code start}. */
  @SuppressWarnings("ArrayRecordComponent") // a view of an array, never compared
  record RowMajor(float[] values, int start, int stride) implements Factor {
    @Override
    public Block block(int row, int rows, int k, int count, float[] scratch) {
      int from = start + row * stride + k;
      if (rows >= RegisterBlock.ROWS) {
        return Block.rowMajor(values, from, stride);
      }
      for (int r = 0; r < rows; r++) {
        System.arraycopy(values, from + r * stride, scratch, r * count, count);
      }
      return Block.rowMajor(scratch, 0, count);
    }

    @Override
    public void packPanel(int column, int columns, int k, int count, float[] to, int at) {
      int from = start + k * stride + column;
      for (int p = 0; p < count; p++) {
        RightFactor.copyRow(values, from + p * stride, columns, to, at + p * RegisterBlock.COLUMNS);
      }
    }
  }

  /** A matrix stored column by column, {@code stride} elements apart, from {@code start}. */
  @SuppressWarnings("ArrayRecordComponent")
  record ColumnMajor(float[] values, int start, int stride) implements Factor {
    private static final VectorSpecies<Float> QUAD = FloatVector.SPECIES_128;

    @Override
    public Block block(int row, int rows, int k, int count, float[] scratch) {
      int from = start + k * stride + row;
      for (int r = 0; r < rows; r += RegisterBlock.ROWS) {
        int width = Math.min(RegisterBlock.ROWS, rows - r);
        interleave(values, from + r, stride, width, count, scratch, r * count);
      }
      return new Block(scratch, 0, count, true);
    }

    @Override
    public void packPanel(int column, int columns, int k, int count, float[] to, int at) {
      if (columns < RegisterBlock.COLUMNS) {
        Arrays.fill(to, at, at + count * RegisterBlock.COLUMNS, 0);
      }
      int from = start + column * stride + k;
      Transposition.copy(values, from, stride, columns, count, to, at, RegisterBlock.COLUMNS);
    }

    private static void interleave(
        float[] from, int start, int stride, int width, int count, float[] to, int at) {
      if (width == QUAD.length()) {
        for (int p = 0; p < count; p++) {
          FloatVector.fromArray(QUAD, from, start + p * stride)
              .intoArray(to, at + p * RegisterBlock.ROWS);
        }
      } else {
        for (int p = 0; p < count; p++) {
          for (int r = 0; r < width; r++) {
            to[at + p * RegisterBlock.ROWS + r] = from[start + p * stride + r];
          }
        }
      }
    }
  }
}
