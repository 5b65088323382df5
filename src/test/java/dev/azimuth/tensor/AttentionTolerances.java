package dev.azimuth.tensor;

import static dev.azimuth.tensor.Tolerances.U;
import static dev.azimuth.tensor.Tolerances.growth;

import java.util.Map;

/**
 * The part of {@link Tolerances} for attention, with s_j = scale · q kⱼ, p_j = softmax(s)_j for one
 * query of one head.
 *
 * <p>Where the factors of products are rounded further than to float32, inputs are drawn that stay
 * exact; left are the factors that attention computes itself, p and ds, each wrong by at most
 * {@code weightRoundoff} more.
 */
final class AttentionTolerances {
  /** Roundings of an exponential, its factors and the rescaling of a running sum. */
  private static final double EXPONENTIAL = 8;

  private final double[] q;
  private final double[] k;
  private final double[] v;
  private final int batch;
  private final int heads;
  private final int queries;
  private final int keys;
  private final int width;
  private final int d;
  private final double scale;
  private final boolean causal;
  private final double weightRoundoff;

  private AttentionTolerances(
      Tensor q,
      Tensor k,
      Tensor v,
      int heads,
      double scale,
      boolean causal,
      double weightRoundoff) {
    this.weightRoundoff = weightRoundoff;
    this.q = q.toDoubles();
    this.k = k.toDoubles();
    this.v = v.toDoubles();
    this.heads = heads;
    this.scale = scale;
    this.causal = causal;
    batch = q.shape().dim(0);
    queries = q.shape().dim(1);
    width = q.shape().dim(2);
    keys = k.shape().dim(1);
    d = width / heads;
  }

  static Map<String, double[]> attention(Kernel.Attention kernel, double weightRoundoff) {
    AttentionTolerances attention =
        new AttentionTolerances(
            kernel.q(),
            kernel.k(),
            kernel.v(),
            kernel.heads(),
            kernel.scale(),
            kernel.causal(),
            weightRoundoff);
    return attention.forward();
  }

  static Map<String, double[]> attentionVjp(Kernel.AttentionVjp kernel, double weightRoundoff) {
    AttentionTolerances attention =
        new AttentionTolerances(
            kernel.q(),
            kernel.k(),
            kernel.v(),
            kernel.heads(),
            kernel.scale(),
            kernel.causal(),
            weightRoundoff);
    return attention.vjp(
        kernel.y().toDoubles(), kernel.logSumExp().toDoubles(), kernel.dy().toDoubles());
  }

  private int seen(int row) {
    return causal ? Math.min(keys, row % queries + 1) : keys;
  }

  private int query(int row) {
    return (row / (heads * queries) * queries + row % queries) * width + channel(row);
  }

  private int key(int row, int j) {
    return (row / (heads * queries) * keys + j) * width + channel(row);
  }

  private int channel(int row) {
    return row / queries % heads * d;
  }

  private double dot(double[] a, int i, double[] b, int j) {
    double sum = 0;
    for (int c = 0; c < d; c++) {
      sum += a[i + c] * b[j + c];
    }
    return sum;
  }

  private double dotOfMagnitudes(double[] a, int i, double[] b, int j) {
    double sum = 0;
    for (int c = 0; c < d; c++) {
      sum += Math.abs(a[i + c] * b[j + c]);
    }
    return sum;
  }

  private double score(int row, int j) {
    return scale * dot(q, query(row), k, key(row, j));
  }

  /** Absolute error of a score. */
  private double scoreError(int row, int j) {
    double terms = dotOfMagnitudes(q, query(row), k, key(row, j));
    return U * growth(d) * Math.abs(scale) * terms;
  }

  /**
   * y = Σ p v: p_j is wrong by its score's error, by u·|s_j - max| from rounding the exponent, and
   * by the sum's relative error, the mean of these.
   */
  private Map<String, double[]> forward() {
    double[] y = new double[q.length];
    double[] logSumExp = new double[batch * heads * queries];
    for (int row = 0; row < logSumExp.length; row++) {
      int seen = seen(row);
      double max = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < seen; j++) {
        max = Math.max(max, score(row, j));
      }
      double sum = 0;
      for (int j = 0; j < seen; j++) {
        sum += Math.exp(score(row, j) - max);
      }
      double[] p = new double[seen];
      double[] relative = new double[seen];
      double sumError = U * growth(seen);
      for (int j = 0; j < seen; j++) {
        double s = score(row, j);
        p[j] = Math.exp(s - max) / sum;
        relative[j] = scoreError(row, j) + U * (EXPONENTIAL + Math.abs(s - max));
        sumError += p[j] * relative[j];
      }
      for (int j = 0; j < seen; j++) {
        double factor = p[j] * (relative[j] + sumError + U * growth(seen) + weightRoundoff);
        for (int c = 0; c < d; c++) {
          y[query(row) + c] += factor * Math.abs(v[key(row, j) + c]);
        }
      }
      logSumExp[row] = sumError + 2 * U * (Math.abs(max) + Math.log(sum));
    }
    return Map.of("y", y, "logSumExp", logSumExp);
  }

  /**
   * p_j = exp(s_j - logSumExp), ds_j = p_j (dy·v_j - dy·y); dv = pᵀ dy, dq = scale · ds k, dk =
   * scale · dsᵀ q.
   */
  private Map<String, double[]> vjp(double[] y, double[] logSumExp, double[] dy) {
    double[] dq = new double[q.length];
    double[] dk = new double[k.length];
    double[] dv = new double[v.length];
    for (int row = 0; row < logSumExp.length; row++) {
      int i = query(row);
      double common = dot(dy, i, y, i);
      double commonError = U * growth(d) * dotOfMagnitudes(dy, i, y, i);
      for (int key = 0; key < seen(row); key++) {
        int j = key(row, key);
        double s = score(row, key);
        double p = Math.exp(s - logSumExp[row]);
        double exponent = Math.abs(s) + Math.abs(logSumExp[row]);
        double pError = p * (scoreError(row, key) + U * (EXPONENTIAL + exponent));
        double own = dot(dy, i, v, j);
        double ownError = U * growth(d) * dotOfMagnitudes(dy, i, v, j);
        double ds = Math.abs(scale * p * (own - common));
        double terms = Math.abs(own) + Math.abs(common);
        double dsError =
            Math.abs(scale)
                * (pError * Math.abs(own - common) + p * (ownError + commonError + 3 * U * terms));
        double alongKeys = dsError + (U * growth(seen(row)) + weightRoundoff) * ds;
        double alongQueries = dsError + (U * growth(queries) + weightRoundoff) * ds;
        double value = pError + (U * growth(queries) + weightRoundoff) * p;
        for (int c = 0; c < d; c++) {
          dq[i + c] += alongKeys * Math.abs(k[j + c]);
          dk[j + c] += alongQueries * Math.abs(q[i + c]);
          dv[j + c] += value * Math.abs(dy[i + c]);
        }
      }
    }
    return Map.of("dq", dq, "dk", dk, "dv", dv);
  }
}
