package dev.azimuth.metrics;

import java.util.Arrays;

/**
 * Structural similarity (Wang et al. 2004) as scikit-image 0.19 computes {@code
 * structural_similarity} for each channel by itself.
 *
 * @param window the weights around a pixel
 * @param useSampleCovariance whether variances are multiplied by n²/(n² - 1)
 * @param k1 stabilises the means, 0.01 in the paper
 * @param k2 stabilises the variances, 0.03 in the paper
 * @param range the largest possible minus the smallest possible value
 */
public record Ssim(Window window, boolean useSampleCovariance, double k1, double k2, double range) {

  /** Separable weights that sum to 1. */
  @SuppressWarnings("ArrayRecordComponent") // made once, read only here
  public record Window(double[] weights) {
    /** A Gaussian cut off at ⌊3.5 σ + 0.5⌋ pixels: 11 taps for the paper's σ of 1.5. */
    public static Window gaussian(double sigma) {
      int radius = (int) (3.5 * sigma + 0.5);
      double[] weights = new double[2 * radius + 1];
      double sum = 0;
      for (int i = -radius; i <= radius; i++) {
        weights[i + radius] = Math.exp(-i * i / (2 * sigma * sigma));
        sum += weights[i + radius];
      }
      for (int i = 0; i < weights.length; i++) {
        weights[i] /= sum;
      }
      return new Window(weights);
    }

    /** Equal weights of an odd number of taps. */
    public static Window uniform(int size) {
      if (size < 1 || size % 2 == 0) {
        throw new IllegalArgumentException("ssim: a window's size must be odd, not " + size);
      }
      double[] weights = new double[size];
      Arrays.fill(weights, 1.0 / size);
      return new Window(weights);
    }
  }

  /** The paper's form: Gaussian of σ 1.5, no sample correction. */
  public static Ssim gaussian(double range) {
    return new Ssim(Window.gaussian(1.5), false, 0.01, 0.03, range);
  }

  /** scikit-image's default: uniform 7×7, sample covariance. */
  public static Ssim uniform(double range) {
    return new Ssim(Window.uniform(7), true, 0.01, 0.03, range);
  }

  /** The similarity at every pixel and channel of two pictures [height, width, channels]. */
  public double[] map(float[] a, float[] b, int height, int width, int channels) {
    if (a.length != b.length || a.length != height * width * channels) {
      throw new IllegalArgumentException(
          "ssim: pictures must have "
              + height
              + "x"
              + width
              + "x"
              + channels
              + " values, not "
              + a.length
              + " and "
              + b.length);
    }
    double[] map = new double[a.length];
    for (int c = 0; c < channels; c++) {
      double[] meanA = blurred(plane(a, a, c, channels, false), height, width);
      double[] meanB = blurred(plane(b, b, c, channels, false), height, width);
      double[] squareA = blurred(plane(a, a, c, channels, true), height, width);
      double[] squareB = blurred(plane(b, b, c, channels, true), height, width);
      double[] product = blurred(plane(a, b, c, channels, true), height, width);
      double n = (double) window.weights.length * window.weights.length;
      double correction = useSampleCovariance ? n / (n - 1) : 1;
      double c1 = k1 * range * k1 * range;
      double c2 = k2 * range * k2 * range;
      for (int i = 0; i < meanA.length; i++) {
        double varianceA = correction * (squareA[i] - meanA[i] * meanA[i]);
        double varianceB = correction * (squareB[i] - meanB[i] * meanB[i]);
        double covariance = correction * (product[i] - meanA[i] * meanB[i]);
        map[i * channels + c] =
            (2 * meanA[i] * meanB[i] + c1)
                * (2 * covariance + c2)
                / ((meanA[i] * meanA[i] + meanB[i] * meanB[i] + c1) * (varianceA + varianceB + c2));
      }
    }
    return map;
  }

  /**
   * The mean of the map over channels and over the pixels whose window lies inside the picture.
   *
   * @throws IllegalArgumentException if the window is larger than the picture
   */
  public double of(float[] a, float[] b, int height, int width, int channels) {
    int radius = window.weights.length / 2;
    if (height <= 2 * radius || width <= 2 * radius) {
      throw new IllegalArgumentException(
          "ssim: a window of %d doesn't fit into %d x %d"
              .formatted(window.weights.length, width, height));
    }
    double[] map = map(a, b, height, width, channels);
    double sum = 0;
    for (int y = radius; y < height - radius; y++) {
      for (int x = radius; x < width - radius; x++) {
        for (int c = 0; c < channels; c++) {
          sum += map[(y * width + x) * channels + c];
        }
      }
    }
    return sum / ((double) (height - 2 * radius) * (width - 2 * radius) * channels);
  }

  private static double[] plane(
      float[] a, float[] b, int channel, int channels, boolean isProduct) {
    double[] plane = new double[a.length / channels];
    for (int i = 0; i < plane.length; i++) {
      int at = i * channels + channel;
      plane[i] = isProduct ? (double) a[at] * b[at] : a[at];
    }
    return plane;
  }

  private double[] blurred(double[] plane, int height, int width) {
    double[] rows = new double[plane.length];
    double[] both = new double[plane.length];
    int radius = window.weights.length / 2;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int i = -radius; i <= radius; i++) {
          rows[y * width + x] +=
              window.weights[i + radius] * plane[y * width + mirrored(x + i, width)];
        }
      }
    }
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        for (int i = -radius; i <= radius; i++) {
          both[y * width + x] +=
              window.weights[i + radius] * rows[mirrored(y + i, height) * width + x];
        }
      }
    }
    return both;
  }

  /** ... x1 x0 | x0 x1 ...: beyond the border the picture is mirrored with its edge repeated. */
  private static int mirrored(int i, int size) {
    int period = Math.floorMod(i, 2 * size);
    return period < size ? period : 2 * size - 1 - period;
  }
}
