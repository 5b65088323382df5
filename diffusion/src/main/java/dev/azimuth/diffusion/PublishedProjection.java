package dev.azimuth.diffusion;

import dev.azimuth.nn.Initialization;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
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
   * The first {@code embedding} columns the identity, or as any Linear's where the tokens are
   * narrower, since the identity would lose a part of the image; the others {@link #pose()}.
   */
  static Initialization imageUnchanged(int embedding) {
    return (random, shape) -> {
      int out = shape.dim(0);
      int in = shape.dim(1);
      float[] image = Initialization.fanIn(embedding).draw(random, Shape.of(out, embedding));
      float[] pose = pose().draw(random, Shape.of(out, in - embedding));
      float[] values = new float[out * in];
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < embedding; i++) {
          float unchanged = o == i ? 1 : 0;
          values[o * in + i] = out < embedding ? image[o * embedding + i] : unchanged;
        }
        System.arraycopy(pose, o * (in - embedding), values, o * in + embedding, in - embedding);
      }
      return values;
    };
  }

  /**
   * What a new model makes of a move: as strong in a token as the embedding is, whose elements are
   * of the order of 1.
   */
  static Initialization pose() {
    // Started like any Linear's, 1/20 of it, the move stays unheard: which side the camera went to
    // tells nothing by itself, only together with the picture, and that gradient starts at nothing
    return Initialization.normal(1.5);
  }

  /** Embeddings [N, E] and poses [N, 4] to [N, contextDim]. */
  Tensor forward(Tensor embedding, Tensor pose) {
    Check.shape("conditioner", "pose", pose, embedding.shape().dim(0), 4);
    return Tensor.concat(1, embedding, pose).linear(weight, bias);
  }
}
