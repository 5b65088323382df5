package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import jdk.incubator.vector.FloatVector;

/** Row softmax and log-softmax with their gradients. */
final class SimdSoftmax {
  private SimdSoftmax() {}

  static void run(Kernel.Softmax kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    int columns = kernel.columns();
    Ranges.split(
        pool,
        kernel.rows(),
        columns,
        (from, to) -> {
          for (int offset = from * columns; offset < to * columns; offset += columns) {
            float max = VectorRows.max(x, offset, columns);
            double sum = VectorRows.exp(x, offset, max, y, offset, columns);
            VectorRows.scale(y, offset, columns, (float) (1 / sum));
          }
        });
  }

  static void run(Kernel.SoftmaxVjp kernel, WorkPool pool) {
    float[] y = HostBuffer.floats(kernel.y());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    int columns = kernel.columns();
    Ranges.split(
        pool,
        kernel.rows(),
        columns,
        (from, to) -> {
          for (int offset = from * columns; offset < to * columns; offset += columns) {
            float dot = (float) VectorRows.dot(y, offset, dy, offset, columns);
            for (int i = offset; i < offset + columns; i++) {
              dx[i] = y[i] * (dy[i] - dot);
            }
          }
        });
  }

  static void run(Kernel.LogSoftmax kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    int columns = kernel.columns();
    Ranges.split(
        pool,
        kernel.rows(),
        columns,
        (from, to) -> {
          for (int offset = from * columns; offset < to * columns; offset += columns) {
            float max = VectorRows.max(x, offset, columns);
            // y holds the exponentials for a moment
            float log = (float) Math.log(VectorRows.exp(x, offset, max, y, offset, columns));
            for (int i = offset; i < offset + columns; i++) {
              y[i] = x[i] - max - log;
            }
          }
        });
  }

  static void run(Kernel.LogSoftmaxVjp kernel, WorkPool pool) {
    float[] y = HostBuffer.floats(kernel.y());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    int columns = kernel.columns();
    Ranges.split(
        pool,
        kernel.rows(),
        columns,
        (from, to) -> {
          for (int offset = from * columns; offset < to * columns; offset += columns) {
            float sum = (float) VectorRows.sum(dy, offset, columns);
            subtractShares(y, dy, dx, sum, offset, offset + columns);
          }
        });
  }

  /** dx = dy - exp(y) · sum. */
  private static void subtractShares(
      float[] y, float[] dy, float[] dx, float sum, int from, int to) {
    FloatVector negative = FloatVector.broadcast(SPECIES, -sum);
    int i = from;
    for (; i <= to - LANES; i += LANES) {
      FloatVector p = VectorMath.exp(FloatVector.fromArray(SPECIES, y, i));
      p.fma(negative, FloatVector.fromArray(SPECIES, dy, i)).intoArray(dx, i);
    }
    for (; i < to; i++) {
      dx[i] = (float) (dy[i] - Math.exp(y[i]) * sum);
    }
  }
}
