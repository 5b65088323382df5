package dev.azimuth.app;

import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.views.Image;
import dev.azimuth.views.RelativePose;
import java.util.List;

/** From pictures and camera moves to the tensors that a model takes, and back. */
final class Poses {
  private Poses() {}

  /**
   * A move as a model's four numbers.
   *
   * @param inputPolar the input view's own polar angle, radians
   */
  static double[] vector(PoseEncoding encoding, RelativePose move, double inputPolar) {
    return encoding.encode(move.polar(), move.azimuth(), move.radius(), inputPolar);
  }

  /** The moves as rows [B, 4]. */
  static Tensor tensor(Backend backend, List<double[]> moves) {
    double[] values = new double[moves.size() * 4];
    for (int i = 0; i < moves.size(); i++) {
      System.arraycopy(moves.get(i), 0, values, i * 4, 4);
    }
    return Tensor.of(backend, DType.FLOAT32, Shape.of(moves.size(), 4), values);
  }

  /** Pictures of one size, given as [size, size, 3] in [-1, 1], as a batch. */
  static Tensor images(Backend backend, List<float[]> images, int size) {
    float[] values = new float[images.size() * size * size * 3];
    for (int i = 0; i < images.size(); i++) {
      System.arraycopy(images.get(i), 0, values, i * size * size * 3, size * size * 3);
    }
    return Tensor.of(backend, Shape.of(images.size(), size, size, 3), values);
  }

  /** Picture {@code index} of a batch [B, H, W, 3] in [-1, 1]. */
  static Image image(Tensor batch, int index) {
    int height = batch.shape().dim(1);
    int width = batch.shape().dim(2);
    return Image.ofSignedRgb(width, height, batch.slice(0, index, index + 1).toFloats());
  }
}
