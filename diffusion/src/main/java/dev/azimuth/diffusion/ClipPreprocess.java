package dev.azimuth.diffusion;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.Resize;
import java.util.List;
import java.util.Locale;

/**
 * From an image in [-1, 1] to CLIP's pixels: resized, then by the mean and standard deviation of
 * the pictures that CLIP was trained on.
 *
 * @param height rows that the tower takes
 * @param width columns that it takes
 * @param statistics of its training pictures
 * @param resizing how the image gets that size
 */
public record ClipPreprocess(int height, int width, Statistics statistics, Resizing resizing) {
  /**
   * What pixels in [0, 1] are normalised by.
   *
   * @param mean of red, green and blue
   * @param std their standard deviations
   */
  public record Statistics(List<Double> mean, List<Double> std) {
    /** OpenAI's. */
    public static final Statistics CLIP =
        new Statistics(
            List.of(0.48145466, 0.4578275, 0.40821073),
            List.of(0.26862954, 0.26130258, 0.27577711));

    /** Throws {@link IllegalArgumentException} unless both have three numbers. */
    public Statistics {
      mean = List.copyOf(mean);
      std = List.copyOf(std);
      if (mean.size() != 3 || std.size() != 3) {
        throw new IllegalArgumentException(
            "clip: mean and std must be of 3 channels, not of " + mean.size() + ", " + std.size());
      }
    }
  }

  /** The published ways to resize a view for CLIP. */
  public enum Resizing {
    /**
     * Bicubic with corners aligned and no antialiasing (reference {@code
     * FrozenCLIPImageEmbedder.preprocess}; the kxic pipeline too).
     */
    REFERENCE {
      @Override
      Tensor resize(Tensor image, int height, int width) {
        return image.resize(Resize.Mode.BICUBIC, height, width, true);
      }
    },

    /**
     * Bicubic over the whole area that becomes a pixel, as Pillow does it for transformers' {@code
     * CLIPImageProcessor} (the bennyguo pipeline). Pillow also rounds to 8 bits after each axis;
     * here nothing is rounded.
     */
    ANTIALIASED {
      @Override
      Tensor resize(Tensor image, int height, int width) {
        Tensor channelsFirst = image.permute(0, 3, 1, 2);
        Shape given = image.shape();
        Tensor columns = antialiased(image.backend(), image.dtype(), given.dim(2), width);
        Tensor rows = antialiased(image.backend(), image.dtype(), given.dim(1), height);
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

    /** The image [N, height, width, 3] of one of another size. */
    abstract Tensor resize(Tensor image, int height, int width);

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

  /** For a square tower of OpenAI's. */
  public ClipPreprocess(int size, Resizing resizing) {
    this(size, size, Statistics.CLIP, resizing);
  }

  /** Image [N, H, W, 3] in [-1, 1] to pixels [N, height, width, 3]; gradients flow through. */
  public Tensor forward(Tensor image) {
    Check.shape("clipPreprocess", "image", image, -1, -1, -1, 3);
    boolean fits = image.shape().dim(1) == height && image.shape().dim(2) == width;
    Tensor resized = fits ? image : resizing.resize(image, height, width);
    double[] scale = new double[3];
    double[] shift = new double[3];
    for (int c = 0; c < 3; c++) {
      scale[c] = 0.5 / statistics.std.get(c);
      shift[c] = (0.5 - statistics.mean.get(c)) / statistics.std.get(c);
    }
    Tensor a = Tensor.of(image.backend(), image.dtype(), Shape.of(3), scale);
    Tensor b = Tensor.of(image.backend(), image.dtype(), Shape.of(3), shift);
    return resized.mul(a).add(b);
  }
}
