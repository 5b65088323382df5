package dev.azimuth.app;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.ForwardingBackend;
import dev.azimuth.tensor.Kernel;
import java.util.ArrayList;
import java.util.List;

/**
 * A backend that computes on another, and looks at the attention that networks ask of it: how far
 * each is spread over its tokens.
 */
final class AttentionProbe extends ForwardingBackend {
  /** So many queries of each sample, evenly spaced, stand for all. */
  private static final int MOST_QUERIES = 64;

  private final List<Seen> seen = new ArrayList<>();
  private boolean isLooking;

  /**
   * One attention.
   *
   * @param queries tokens that attend
   * @param tokens that are attended to
   * @param entropy of the weights in nats, mean over heads, queries and samples; at most ln tokens
   */
  record Seen(int queries, int tokens, double entropy) {}

  AttentionProbe(Backend backend) {
    super(backend);
  }

  /** Looks at all attention that {@code network} computes, in order. */
  List<Seen> watch(Runnable network) {
    seen.clear();
    isLooking = true;
    try {
      network.run();
    } finally {
      isLooking = false;
    }
    return List.copyOf(seen);
  }

  @Override
  public void run(Kernel kernel) {
    super.run(kernel);
    if (isLooking && kernel instanceof Kernel.Attention attention) {
      int queries = attention.q().shape().dim(1);
      int tokens = attention.k().shape().dim(1);
      seen.add(new Seen(queries, tokens, entropy(attention)));
    }
  }

  private static double entropy(Kernel.Attention attention) {
    int batch = attention.q().shape().dim(0);
    int queries = attention.q().shape().dim(1);
    int tokens = attention.k().shape().dim(1);
    int width = attention.q().shape().dim(2);
    int dimHead = width / attention.heads();
    float[] q = attention.q().toFloats();
    float[] k = attention.k().toFloats();
    int step = Math.ceilDiv(queries, MOST_QUERIES);
    double sum = 0;
    long count = 0;
    double[] scores = new double[tokens];
    for (int n = 0; n < batch; n++) {
      for (int query = 0; query < queries; query += step) {
        for (int head = 0; head < attention.heads(); head++) {
          int row = (n * queries + query) * width + head * dimHead;
          for (int token = 0; token < tokens; token++) {
            int column = (n * tokens + token) * width + head * dimHead;
            double dot = 0;
            for (int i = 0; i < dimHead; i++) {
              dot += (double) q[row + i] * k[column + i];
            }
            scores[token] = dot * attention.scale();
          }
          sum += entropy(scores);
          count++;
        }
      }
    }
    return sum / count;
  }

  /** Of softmax(s), in nats: ln Σ exp s - Σ p s. */
  static double entropy(double[] scores) {
    double most = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      most = Math.max(most, score);
    }
    double sum = 0;
    double weighted = 0;
    for (double score : scores) {
      double weight = Math.exp(score - most);
      sum += weight;
      weighted += weight * (score - most);
    }
    return Math.log(sum) - weighted / sum;
  }
}
