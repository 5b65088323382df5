package dev.azimuth.tensor.cpu;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** A matrix that can stand on either side of a product. */
interface Factor extends LeftFactor, RightFactor {

  /** A matrix stored row by row, {@code stride} elements apart, from {@code start}. */
  @SuppressWarnings("ArrayRecordComponent") // a view of an array, never compared
  record RowMajor(float[] values, int start, int stride) implements Factor {
    private static final int TOGETHER = 4;

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

    @Override
    public void pack(int column, int columns, int k, int count, float[] to, int at) {
      int width = TOGETHER * RegisterBlock.COLUMNS;
      int whole = columns / width * width;
      for (int done = 0; done < whole; done += width) {
        packTogether(start + k * stride + column + done, count, to, at + done * count);
      }
      Factor.super.pack(column + whole, columns - whole, k, count, to, at + whole * count);
    }

    /** Panels row by row, so that each row is read in one piece. */
    private void packTogether(int from, int count, float[] to, int at) {
      int panel = count * RegisterBlock.COLUMNS;
      for (int p = 0; p < count; p++) {
        int source = from + p * stride;
        int target = at + p * RegisterBlock.COLUMNS;
        for (int j = 0; j < TOGETHER; j++) {
          RightFactor.copyPanelRow(
              values, source + j * RegisterBlock.COLUMNS, to, target + j * panel);
        }
      }
    }
  }

  /** A matrix stored column by column, {@code stride} elements apart, from {@code start}. */
  @SuppressWarnings("ArrayRecordComponent")
  record ColumnMajor(float[] values, int start, int stride) implements Factor {
    private static final VectorSpecies<Float> QUAD = FloatVector.SPECIES_128;
    private static final int LINE = 16;

    @Override
    public Block block(int row, int rows, int k, int count, float[] scratch) {
      int from = start + k * stride + row;
      int whole = rows / LINE * LINE;
      for (int r = 0; r < whole; r += LINE) {
        interleaveLine(from + r, count, scratch, r * count);
      }
      for (int r = whole; r < rows; r += RegisterBlock.ROWS) {
        int width = Math.min(RegisterBlock.ROWS, rows - r);
        interleave(from + r, width, count, scratch, r * count);
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

    /** Several quadruples together, so that each row is read by whole cache lines. */
    private void interleaveLine(int from, int count, float[] to, int at) {
      for (int p = 0; p < count; p++) {
        int source = from + p * stride;
        int target = at + p * RegisterBlock.ROWS;
        for (int r = 0; r < LINE; r += RegisterBlock.ROWS) {
          FloatVector.fromArray(QUAD, values, source + r).intoArray(to, target + r * count);
        }
      }
    }

    private void interleave(int from, int width, int count, float[] to, int at) {
      for (int p = 0; p < count; p++) {
        for (int r = 0; r < width; r++) {
          to[at + p * RegisterBlock.ROWS + r] = values[from + p * stride + r];
        }
      }
    }
  }
}
