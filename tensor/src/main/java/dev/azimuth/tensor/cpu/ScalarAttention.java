package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;

/** The oracle's scaled dot-product attention, one row of scores at a time. */
final class ScalarAttention {
  private ScalarAttention() {}

  static void attention(WorkPool pool, Kernel.Attention kernel) {
    double[] q = Elements.of(kernel.q());
    double[] k = Elements.of(kernel.k());
    double[] v = Elements.of(kernel.v());
    Heads h = new Heads(kernel.q().shape(), kernel.k().shape(), kernel.heads());
    double[] y = new double[q.length];
    double[] logSumExp = new double[h.rows()];
    pool.run(
        h.rows(),
        row -> {
          int keys = h.keysSeen(row, kernel.causal());
          double[] p = new double[keys];
          double max = Double.NEGATIVE_INFINITY;
          for (int j = 0; j < keys; j++) {
            p[j] = kernel.scale() * h.dot(q, h.query(row), k, h.key(row, j));
            max = Math.max(max, p[j]);
          }
          double sum = 0;
          for (int j = 0; j < keys; j++) {
            p[j] = Math.exp(p[j] - max);
            sum += p[j];
          }
          for (int j = 0; j < keys; j++) {
            h.add(p[j] / sum, v, h.key(row, j), y, h.query(row));
          }
          logSumExp[row] = max + Math.log(sum);
        });
    Elements.store(y, kernel.y());
    Elements.store(logSumExp, kernel.logSumExp());
  }

  static void attentionVjp(WorkPool pool, Kernel.AttentionVjp kernel) {
    double[] q = Elements.of(kernel.q());
    double[] k = Elements.of(kernel.k());
    double[] v = Elements.of(kernel.v());
    double[] y = Elements.of(kernel.y());
    double[] logSumExp = Elements.of(kernel.logSumExp());
    double[] dy = Elements.of(kernel.dy());
    Heads h = new Heads(kernel.q().shape(), kernel.k().shape(), kernel.heads());
    double[] dq = new double[q.length];
    double[] dk = new double[k.length];
    double[] dv = new double[v.length];
    // all queries of a head add to the same keys
    pool.run(
        h.batch * h.heads,
        head -> {
          for (int row = head * h.queries; row < (head + 1) * h.queries; row++) {
            int i = h.query(row);
            double dyTimesY = h.dot(dy, i, y, i);
            for (int key = 0; key < h.keysSeen(row, kernel.causal()); key++) {
              int j = h.key(row, key);
              double p = Math.exp(kernel.scale() * h.dot(q, i, k, j) - logSumExp[row]);
              double dScore = kernel.scale() * p * (h.dot(dy, i, v, j) - dyTimesY);
              h.add(p, dy, i, dv, j);
              h.add(dScore, k, j, dq, i);
              h.add(dScore, q, i, dk, j);
            }
          }
        });
    Elements.store(dq, kernel.dq());
    Elements.store(dk, kernel.dk());
    Elements.store(dv, kernel.dv());
  }

  /** The sizes of an attention; a row is one query of one head, as in logSumExp [B, heads, N]. */
  private static final class Heads {
    final int batch;
    final int heads;
    final int queries;
    private final int keys;
    private final int width;
    private final int d;

    Heads(Shape q, Shape k, int heads) {
      batch = q.dim(0);
      queries = q.dim(1);
      width = q.dim(2);
      keys = k.dim(1);
      this.heads = heads;
      d = width / heads;
    }

    int rows() {
      return batch * heads * queries;
    }

    int keysSeen(int row, boolean causal) {
      return causal ? Math.min(keys, row % queries + 1) : keys;
    }

    /** Where the row's part of q and y begins. */
    int query(int row) {
      int image = row / (heads * queries);
      return (image * queries + row % queries) * width + row / queries % heads * d;
    }

    /** Where key and value {@code j} for the row's head begin. */
    int key(int row, int j) {
      int image = row / (heads * queries);
      return (image * keys + j) * width + row / queries % heads * d;
    }

    double dot(double[] a, int i, double[] b, int j) {
      double sum = 0;
      for (int c = 0; c < d; c++) {
        sum += a[i + c] * b[j + c];
      }
      return sum;
    }

    /** y[j ..] += factor · x[i ..] over a head's channels. */
    void add(double factor, double[] x, int i, double[] y, int j) {
      for (int c = 0; c < d; c++) {
        y[j + c] += factor * x[i + c];
      }
    }
  }
}
