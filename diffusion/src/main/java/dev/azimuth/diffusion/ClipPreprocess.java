package dev.azimuth.diffusion;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.Resize;
import java.util.Locale;

/**
 * From an image in [-1, 1] to CLIP's pixels: resized, then by CLIP's mean and standard deviation.
 *
 * @param size height and width that the tower takes
 * @param resizing how the image gets that size
 */
public record ClipPreprocess(int size, Resizing resizing) {
  private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
  private static final double[] STD = {0.26862954, 0.26130258, 0.27577711};

  /** The published ways to resize a view for CLIP. */
  public enum Resizing {
    /**
     * Bicubic with corners aligned and no antialiasing (reference {@code
     * FrozenCLIPImageEmbedder.preprocess}; the kxic pipeline too).
     */
    REFERENCE {
      @Override
      Tensor resize(Tensor image, int size) {
        return image.resize(Resize.Mode.BICUBIC, size, size, true);
      }
    },

    /**
     * Bicubic over the whole area that becomes a pixel, as Pillow does it for transformers' {@code
     * CLIPImageProcessor} (the bennyguo pipeline). Pillow also rounds to 8 bits after each axis;
     * here nothing is rounded.
     */
    ANTIALIASED {
      @Override
      Tensor resize(Tensor image, int size) {
        Tensor channelsFirst = image.permute(0, 3, 1, 2);
        int height = image.shape().dim(1);
        int width = image.shape().dim(2);
        Tensor columns = antialiased(image.backend(), image.dtype(), width, size);
        Tensor rows = antialiased(image.backend(), image.dtype(), height, size);
        Tensor narrowed = channelsFirst.linear(columns, null).permute(0, 1, 3, 2);
        return narrowed.linear(rows, null).permute(0, 3, 2, 1);
      }
    };

    private static final double CUBIC = -0.5;

    /** As a command line spells it. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The image [N, size, size, 3] of one of another size. */
    abstract Tensor resize(Tensor image, int size);

    /** The weights [outputs, inputs] of inputs in outputs along an axis; each row sums to 1. */
    private static Tensor antialiased(Backend backend, DType dtype, int inputs, int outputs) {
      double scale = (double) inputs / outputs;
      double stretch = Math.max(1, scale); // when it enlarges, the kernel keeps its width
      double[] weights = new double[outputs * inputs];
      for (int o = 0; o < outputs; o++) {
        double centre = (o + 0.5) * scale;
        double sum = 0;
        for (int i = 0; i < inputs; i++) {
          double weight = cubic(Math.abs((i + 0.5 - centre) / stretch));
          weights[o * inputs + i] = weight;
          sum += weight;
        }
        for (int i = 0; i < inputs; i++) {
          weights[o * inputs + i] /= sum;
        }
      }
      return Tensor.of(backend, dtype, Shape.of(outputs, inputs), weights);
    }

    private static double cubic(double u) {
      if (u >= 2) {
        return 0;
      }
      return u <= 1
          ? ((CUBIC + 2) * u - (CUBIC + 3)) * u * u + 1
          : ((CUBIC * u - 5 * CUBIC) * u + 8 * CUBIC) * u - 4 * CUBIC;
    }
  }

  /** CLIP's mean of red, green and blue in [0, 1]. */
  public static double[] mean() {
    return MEAN.clone();
  }

  /** CLIP's standard deviation of red, green and blue. */
  public static double[] std() {
    return STD.clone();
  }

  /** As the reference does it. */
  public ClipPreprocess(int size) {
    this(size, Resizing.REFERENCE);
  }

  /** Image [N, H, W, 3] in [-1, 1] to pixels [N, size, size, 3]; gradients flow through. */
  public Tensor forward(Tensor image) {
    Check.shape("clipPreprocess", "image", image, -1, -1, -1, 3);
    boolean fits = image.shape().dim(1) == size && image.shape().dim(2) == size;
    Tensor resized = fits ? image : resizing.resize(image, size);
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
