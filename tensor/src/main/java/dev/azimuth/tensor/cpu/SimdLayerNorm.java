package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Layer normalisation, forward and backward, row by row: a row is read once for its mean and, now
 * in the cache, once more for the squared distances from it.
 */
final class SimdLayerNorm {
  // rows summed in float before the totals of dWeight and dBias go to double
  private static final int FLOAT_ROWS = 64;

  private SimdLayerNorm() {}

  static void run(Kernel.LayerNorm kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] weight = HostBuffer.floats(kernel.weight());
    float[] bias = HostBuffer.floats(kernel.bias());
    float[] y = HostBuffer.floats(kernel.y());
    float[] mean = HostBuffer.floats(kernel.mean());
    float[] rstd = HostBuffer.floats(kernel.rstd());
    int columns = weight.length;
    Ranges.split(
        pool,
        mean.length,
        columns,
        (from, to) -> {
          double[] moments = new double[2];
          for (int row = from; row < to; row++) {
            int offset = row * columns;
            // a float is near enough to lose nothing in the squares; their sum corrects it
            float near = (float) (VectorRows.sum(x, offset, columns) / columns);
            VectorRows.moments(x, offset, columns, near, moments);
            double distance = moments[0] / columns;
            double variance = Math.max(0, moments[1] / columns - distance * distance);
            double inverse = 1 / Math.sqrt(variance + kernel.eps());
            double exactMean = near + distance;
            float center = (float) exactMean;
            mean[row] = center;
            rstd[row] = (float) inverse;
            // what rounding the mean left over is taken off after scaling
            float shift = (float) ((center - exactMean) * inverse);
            normalize(x, offset, center, (float) inverse, shift, weight, bias, y);
          }
        });
  }

  private static void normalize(
      float[] x,
      int offset,
      float center,
      float inverse,
      float shift,
      float[] weight,
      float[] bias,
      float[] y) {
    FloatVector middle = FloatVector.broadcast(SPECIES, center);
    FloatVector factor = FloatVector.broadcast(SPECIES, inverse);
    FloatVector summand = FloatVector.broadcast(SPECIES, shift);
    int c = 0;
    for (; c <= weight.length - LANES; c += LANES) {
      FloatVector normal =
          FloatVector.fromArray(SPECIES, x, offset + c).sub(middle).fma(factor, summand);
      FloatVector w = FloatVector.fromArray(SPECIES, weight, c);
      normal.fma(w, FloatVector.fromArray(SPECIES, bias, c)).intoArray(y, offset + c);
    }
    for (; c < weight.length; c++) {
      float normal = Math.fma(x[offset + c] - center, inverse, shift);
      y[offset + c] = Math.fma(normal, weight[c], bias[c]);
    }
  }

  static void run(Kernel.LayerNormVjp kernel, WorkPool pool) {
    float[] dWeight = HostBuffer.floats(kernel.dWeight());
    float[] dBias = HostBuffer.floats(kernel.dBias());
    int columns = dWeight.length;
    int rows = HostBuffer.floats(kernel.mean()).length;
    int perTask = Math.max(1, Ranges.GRAIN / columns);
    double[][] partial = new double[Math.ceilDiv(rows, perTask)][];
    pool.run(
        partial.length,
        task -> {
          int from = task * perTask;
          partial[task] = backward(kernel, from, Math.min(rows, from + perTask));
        });
    for (int c = 0; c < columns; c++) {
      double weightSum = 0;
      double biasSum = 0;
      for (double[] sums : partial) {
        weightSum += sums[c];
        biasSum += sums[columns + c];
      }
      dWeight[c] = (float) weightSum;
      dBias[c] = (float) biasSum;
    }
  }

  /** Writes these rows of dx; returns their sums of dy · n per column, then of dy. */
  private static double[] backward(Kernel.LayerNormVjp kernel, int from, int to) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] weight = HostBuffer.floats(kernel.weight());
    float[] mean = HostBuffer.floats(kernel.mean());
    float[] dy = HostBuffer.floats(kernel.dy());
    int columns = weight.length;
    double[] total = new double[2 * columns];
    float[] weightRun = new float[columns];
    float[] biasRun = new float[columns];
    float[] rowSums = new float[2];
    for (int row = from; row < to; row++) {
      int offset = row * columns;
      rowSums(x, dy, offset, weight, mean[row], rowSums);
      finish(kernel, row, rowSums, weightRun, biasRun);
      if ((row - from + 1) % FLOAT_ROWS == 0 || row == to - 1) {
        for (int c = 0; c < columns; c++) {
          total[c] += weightRun[c];
          total[columns + c] += biasRun[c];
        }
        Arrays.fill(weightRun, 0f);
        Arrays.fill(biasRun, 0f);
      }
    }
    return total;
  }

  /** dx of a row from its {@link #rowSums}; adds the row to the runs of dWeight and dBias. */
  private static void finish(
      Kernel.LayerNormVjp kernel, int row, float[] rowSums, float[] weightRun, float[] biasRun) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] weight = HostBuffer.floats(kernel.weight());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    int columns = weight.length;
    int offset = row * columns;
    float center = HostBuffer.floats(kernel.mean())[row];
    float inverse = HostBuffer.floats(kernel.rstd())[row];
    float shift = -inverse * rowSums[0] / columns;
    float pull = -inverse * inverse * inverse * rowSums[1] / columns;
    FloatVector middle = FloatVector.broadcast(SPECIES, center);
    FloatVector factor = FloatVector.broadcast(SPECIES, inverse);
    FloatVector summand = FloatVector.broadcast(SPECIES, shift);
    FloatVector slope = FloatVector.broadcast(SPECIES, pull);
    int c = 0;
    for (; c <= columns - LANES; c += LANES) {
      FloatVector distance = FloatVector.fromArray(SPECIES, x, offset + c).sub(middle);
      FloatVector d = FloatVector.fromArray(SPECIES, dy, offset + c);
      FloatVector weightSum = FloatVector.fromArray(SPECIES, weightRun, c);
      distance.mul(factor).fma(d, weightSum).intoArray(weightRun, c);
      FloatVector.fromArray(SPECIES, biasRun, c).add(d).intoArray(biasRun, c);
      FloatVector dNormal = d.mul(FloatVector.fromArray(SPECIES, weight, c));
      dNormal.fma(factor, distance.fma(slope, summand)).intoArray(dx, offset + c);
    }
    for (; c < columns; c++) {
      float distance = x[offset + c] - center;
      float d = dy[offset + c];
      weightRun[c] = Math.fma(distance * inverse, d, weightRun[c]);
      biasRun[c] += d;
      dx[offset + c] = Math.fma(d * weight[c], inverse, Math.fma(distance, pull, shift));
    }
  }

  /** The sums of w·dy and of w·dy·(x - mean) over a row. */
  private static void rowSums(
      float[] x, float[] dy, int offset, float[] weight, float mean, float[] sums) {
    FloatVector sum = FloatVector.zero(SPECIES);
    FloatVector sumCentered = sum;
    int c = 0;
    for (; c <= weight.length - LANES; c += LANES) {
      FloatVector d =
          FloatVector.fromArray(SPECIES, dy, offset + c)
              .mul(FloatVector.fromArray(SPECIES, weight, c));
      sum = sum.add(d);
      sumCentered = FloatVector.fromArray(SPECIES, x, offset + c).sub(mean).fma(d, sumCentered);
    }
    float total = VectorRows.sum(sum);
    float totalCentered = VectorRows.sum(sumCentered);
    for (; c < weight.length; c++) {
      float d = dy[offset + c] * weight[c];
      total += d;
      totalCentered += (x[offset + c] - mean) * d;
    }
    sums[0] = total;
    sums[1] = totalCentered;
  }
}
