package dev.azimuth.diffusion;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Tensor;

/**
 * n condition views for each of B new views, as the frozen networks see them.
 *
 * @param embedding image tokens [B, n, T, E], each view's embedding first
 * @param latent modes of the views' latents, not scaled [B, n, h, w, z]
 * @param pose the move from each view to the new one, T = [Δθ, sin Δφ, cos Δφ, Δr], [B, n, 4]
 */
public record ConditionViews(Tensor embedding, Tensor latent, Tensor pose) {
  /** Throws {@link dev.azimuth.tensor.ShapeException} if they don't agree. */
  public ConditionViews {
    Check.rank("condition", "embedding", embedding, 4);
    int batch = embedding.shape().dim(0);
    int count = embedding.shape().dim(1);
    Check.shape("condition", "latent", latent, batch, count, -1, -1, -1);
    Check.shape("condition", "pose", pose, batch, count, 4);
  }

  /** B. */
  public int batch() {
    return pose.shape().dim(0);
  }

  /** n. */
  public int count() {
    return pose.shape().dim(1);
  }

  /** View {@code i} of each sample alone. */
  public ConditionViews view(int i) {
    return new ConditionViews(
        embedding.slice(1, i, i + 1), latent.slice(1, i, i + 1), pose.slice(1, i, i + 1));
  }

  /** The latents of single views [B, h, w, z]. */
  Tensor onlyLatent() {
    Check.that(count() == 1, "condition", "this conditioner takes one view, not " + count(), pose);
    return latent.reshape(
        batch(), latent.shape().dim(2), latent.shape().dim(3), latent.shape().dim(4));
  }

  /** The embeddings without the patches, one after another [B·n, E]. */
  Tensor pooled() {
    int width = embedding.shape().dim(3);
    Tensor first = embedding.shape().dim(2) == 1 ? embedding : embedding.slice(2, 0, 1);
    return first.reshape(batch() * count(), width);
  }

  /** All tokens of all views of a sample [B, n·T, E]. */
  Tensor tokens() {
    return embedding.reshape(batch(), count() * embedding.shape().dim(2), embedding.shape().dim(3));
  }

  /** The moves, one after another [B·n, 4]. */
  Tensor moves() {
    return pose.reshape(batch() * count(), 4);
  }

  /** The views' angles from the new view, in radians [B][n]: √(Δθ² + Δφ²), Δφ in (-π, π]. */
  public double[][] angles() {
    double[] moves = pose.toDoubles();
    double[][] angles = new double[batch()][count()];
    for (int i = 0; i < batch() * count(); i++) {
      double turn = Math.atan2(moves[i * 4 + 1], moves[i * 4 + 2]);
      angles[i / count()][i % count()] = Math.hypot(moves[i * 4], turn);
    }
    return angles;
  }

  /**
   * Which view of each sample is nearest to the new one. Of several at the same angle it is the one
   * whose move is greater in its first differing number, so that the order of the views doesn't
   * matter.
   */
  int[] nearest() {
    double[][] angles = angles();
    double[] moves = pose.toDoubles();
    int[] nearest = new int[batch()];
    for (int b = 0; b < nearest.length; b++) {
      for (int i = 1; i < count(); i++) {
        int order = Double.compare(angles[b][i], angles[b][nearest[b]]);
        for (int k = 0; k < 4 && order == 0; k++) {
          order =
              Double.compare(
                  moves[(b * count() + nearest[b]) * 4 + k], moves[(b * count() + i) * 4 + k]);
        }
        nearest[b] = order < 0 ? i : nearest[b];
      }
    }
    return nearest;
  }
}
