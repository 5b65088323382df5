package dev.azimuth.views;

/**
 * Changes a picture's size with a Lanczos window of three lobes, widened when shrinking so that it
 * averages. Colours are weighted by alpha, so that what is invisible doesn't bleed into the rest.
 */
final class Resampler {
  private static final double LOBES = 3;

  private Resampler() {}

  static Image resize(Image image, int width, int height) {
    int w = image.width();
    int h = image.height();
    float[] premultiplied = image.rgba().clone();
    for (int i = 0; i < premultiplied.length; i += 4) {
      for (int c = 0; c < 3; c++) {
        premultiplied[i + c] *= premultiplied[i + 3];
      }
    }
    // rows first, then columns: each pass handles one axis with a stride
    float[] narrow = new float[Math.multiplyExact(Math.multiplyExact(width, h), 4)];
    pass(premultiplied, narrow, w, width, h, 4, 4 * w, 4, 4 * width);
    float[] out = new float[Math.multiplyExact(Math.multiplyExact(width, height), 4)];
    pass(narrow, out, h, height, width, 4 * width, 4, 4 * width, 4);
    for (int i = 0; i < out.length; i += 4) {
      // the window overshoots at edges, in alpha as in colour: divide first, then clamp
      float alpha = out[i + 3];
      for (int c = 0; c < 3; c++) {
        out[i + c] = alpha > 0 ? Math.clamp(out[i + c] / alpha, 0f, 1f) : 0;
      }
      out[i + 3] = Math.clamp(alpha, 0f, 1f);
    }
    return new Image(width, height, out);
  }

  /** Resamples {@code lines} lines of {@code n} pixels to {@code m} pixels each. */
  private static void pass(
      float[] in,
      float[] out,
      int n,
      int m,
      int lines,
      int inStep,
      int inLine,
      int outStep,
      int outLine) {
    double scale = (double) n / m;
    double reach = LOBES * Math.max(1, scale);
    for (int i = 0; i < m; i++) {
      double centre = (i + 0.5) * scale;
      int first = Math.max(0, (int) (centre - reach + 0.5));
      int end = Math.min(n, (int) (centre + reach + 0.5));
      double[] weights = new double[end - first];
      double total = 0;
      for (int k = 0; k < weights.length; k++) {
        weights[k] = lanczos((first + k + 0.5 - centre) / Math.max(1, scale));
        total += weights[k];
      }
      for (int line = 0; line < lines; line++) {
        for (int c = 0; c < 4; c++) {
          double sum = 0;
          for (int k = 0; k < weights.length; k++) {
            sum += weights[k] * in[line * inLine + (first + k) * inStep + c];
          }
          out[line * outLine + i * outStep + c] = (float) (sum / total);
        }
      }
    }
  }

  private static double lanczos(double x) {
    if (Math.abs(x) < 1e-12) {
      return 1;
    }
    if (Math.abs(x) >= LOBES) {
      return 0;
    }
    double a = Math.PI * x;
    return LOBES * Math.sin(a) * Math.sin(a / LOBES) / (a * a);
  }
}
