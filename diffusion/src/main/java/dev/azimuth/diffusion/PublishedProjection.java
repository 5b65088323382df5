package dev.azimuth.diffusion;

import dev.azimuth.nn.Initialization;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Tensor;

/**
 * Zero-1-to-3's {@code cc_projection}: image embedding and pose, side by side, through one linear
 * layer. A new one passes the image through unchanged.
 */
final class PublishedProjection {
  private final Tensor weight;
  private final Tensor bias;

  /** Parameters {@code weight} [contextDim, embedding + 4] and {@code bias}. */
  PublishedProjection(Parameters p, int embedding, int contextDim) {
    this.weight = p.tensor("weight", imageUnchanged(embedding), contextDim, embedding + 4);
    this.bias = p.tensor("bias", Initialization.zeros(), contextDim);
  }

  /**
   * The first {@code embedding} columns the identity, the others as any Linear's; so are all where
   * the tokens are narrower, since the identity would lose a part of the image.
   */
  static Initialization imageUnchanged(int embedding) {
    return (random, shape) -> {
      int in = shape.dim(1);
      float[] values = Initialization.fanIn(in).draw(random, shape);
      for (int o = 0; o < shape.dim(0) && shape.dim(0) >= embedding; o++) {
        for (int i = 0; i < embedding; i++) {
          values[o * in + i] = o == i ? 1 : 0;
        }
      }
      return values;
    };
  }

  /** Embeddings [N, E] and poses [N, 4] to [N, contextDim]. */
  Tensor forward(Tensor embedding, Tensor pose) {
    Check.shape("conditioner", "pose", pose, embedding.shape().dim(0), 4);
    return Tensor.concat(1, embedding, pose).linear(weight, bias);
  }
}
