package dev.azimuth.diffusion;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.Resize;

/**
 * From an image in [-1, 1] to CLIP's pixels: bicubic with corners aligned and no antialiasing, then
 * CLIP's mean and standard deviation (reference {@code FrozenCLIPImageEmbedder.preprocess}).
 *
 * @param size height and width that the tower takes
 */
public record ClipPreprocess(int size) {
  private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
  private static final double[] STD = {0.26862954, 0.26130258, 0.27577711};

  /** Image [N, H, W, 3] in [-1, 1] to pixels [N, size, size, 3]; gradients flow through. */
  public Tensor forward(Tensor image) {
    Check.shape("clipPreprocess", "image", image, -1, -1, -1, 3);
    boolean fits = image.shape().dim(1) == size && image.shape().dim(2) == size;
    Tensor resized = fits ? image : image.resize(Resize.Mode.BICUBIC, size, size, true);
    double[] scale = new double[3];
    double[] shift = new double[3];
    for (int c = 0; c < 3; c++) {
      scale[c] = 0.5 / STD[c];
      shift[c] = (0.5 - MEAN[c]) / STD[c];
    }
    Tensor a = Tensor.of(image.backend(), image.dtype(), Shape.of(3), scale);
    Tensor b = Tensor.of(image.backend(), image.dtype(), Shape.of(3), shift);
    return resized.mul(a).add(b);
  }
}
