package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Taps;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Separable resampling of images: for each output row the input rows are joined first, then pixels
 * along that row. A tap of weight 1 that stands alone, as in nearest-neighbour upsampling, is a
 * copy.
 */
final class SimdResample {
  private SimdResample() {}

  static void run(Kernel.Resample kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    Taps rows = kernel.rows();
    Taps columns = kernel.columns();
    int channels = kernel.x().shape().dim(3);
    int inputRow = columns.inputs() * channels;
    int outputRow = columns.outputs() * channels;
    Ranges.split(
        pool,
        kernel.x().shape().dim(0) * rows.outputs(),
        inputRow + outputRow,
        (from, to) -> {
          float[] joined = new float[inputRow];
          for (int row = from; row < to; row++) {
            int image = row / rows.outputs() * rows.inputs() * inputRow;
            int output = row % rows.outputs();
            int entry = rows.start(output);
            if (isCopy(rows, output)) {
              row(columns, channels, x, image + rows.index(entry) * inputRow, y, row * outputRow);
            } else {
              Arrays.fill(joined, 0f);
              for (int e = entry; e < rows.start(output + 1); e++) {
                int source = image + rows.index(e) * inputRow;
                addScaled(rows.weight(e), x, source, joined, 0, inputRow);
              }
              row(columns, channels, joined, 0, y, row * outputRow);
            }
          }
        });
  }

  private static boolean isCopy(Taps taps, int output) {
    int entry = taps.start(output);
    return taps.start(output + 1) == entry + 1 && taps.weight(entry) == 1f;
  }

  private static void row(Taps columns, int channels, float[] x, int from, float[] y, int to) {
    for (int output = 0; output < columns.outputs(); output++) {
      int target = to + output * channels;
      if (isCopy(columns, output)) {
        int source = from + columns.index(columns.start(output)) * channels;
        System.arraycopy(x, source, y, target, channels);
        continue;
      }
      Arrays.fill(y, target, target + channels, 0f);
      for (int e = columns.start(output); e < columns.start(output + 1); e++) {
        int source = from + columns.index(e) * channels;
        addScaled(columns.weight(e), x, source, y, target, channels);
      }
    }
  }

  /** y += weight · x. */
  private static void addScaled(float weight, float[] x, int from, float[] y, int to, int count) {
    FloatVector factor = FloatVector.broadcast(SPECIES, weight);
    int i = 0;
    for (; i <= count - LANES; i += LANES) {
      FloatVector sum = FloatVector.fromArray(SPECIES, y, to + i);
      FloatVector.fromArray(SPECIES, x, from + i).fma(factor, sum).intoArray(y, to + i);
    }
    for (; i < count; i++) {
      y[to + i] = Math.fma(x[from + i], weight, y[to + i]);
    }
  }
}
