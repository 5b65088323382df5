package dev.azimuth.app;

import dev.azimuth.metrics.Resampling;
import dev.azimuth.metrics.Ssim;
import dev.azimuth.views.Image;
import java.util.Locale;

/**
 * How pictures are compared. Figures of different protocols are never put into one table: they
 * differ in background, size, rounding and in which views they are of.
 */
enum EvaluationProtocol {
  /** Views as Azimuth's training sees them. */
  AZIMUTH(Image.Background.WHITE) {
    @Override
    String describe(int size) {
      return "azimuth: held-out views by their alpha on white, at the model's %d x %d, not rounded;"
              .formatted(size, size)
          + " PSNR and SSIM (Gaussian window, sigma 1.5) of values in [0, 1]";
    }

    @Override
    Ssim ssim() {
      return Ssim.gaussian(1);
    }

    @Override
    float[] pixels(float[] signed) {
      return EvaluationReport.unit(signed);
    }

    @Override
    double range() {
      return 1;
    }
  },

  /** EscherNet's (Kong et al. 2024) for views that no model has seen. */
  HELD_OUT(Image.Background.WHITE_HARD_EDGE) {
    @Override
    String describe(int size) {
      String asked = size == PUBLISHED ? "" : " (published: 256 x 256, so not its numbers)";
      return "held-out (EscherNet's): held-out views, white where alpha is 0, %d x %d%s;"
              .formatted(size, size, asked)
          + " PSNR and SSIM (uniform 7 x 7 window) of 8-bit values, LPIPS v0.1";
    }

    @Override
    Ssim ssim() {
      return Ssim.uniform(255);
    }
  },

  /** Magic123's (Qian et al. 2023), which looks at the input view almost only. */
  REFERENCE_VIEW(Image.Background.WHITE_HARD_EDGE) {
    @Override
    String describe(int size) {
      return "reference-view (Magic123's): PSNR (800 x 800) and LPIPS (224 x 224) of the input view"
          + " made again, similarity of the input view with every view made (224 x 224), area"
          + " resampling from the model's %d x %d, white where alpha is 0".formatted(size, size);
    }

    @Override
    Ssim ssim() {
      return Ssim.uniform(255);
    }
  };

  private static final int PUBLISHED = 256;

  private final Image.Background background;

  EvaluationProtocol(Image.Background background) {
    this.background = background;
  }

  /** What views are laid on. */
  Image.Background background() {
    return background;
  }

  /** What the report says of it, for pictures of a size. */
  abstract String describe(int size);

  /** The form of SSIM. */
  abstract Ssim ssim();

  /** Pictures in [-1, 1] as they are compared: 8-bit values unless told otherwise. */
  float[] pixels(float[] signed) {
    float[] bytes = new float[signed.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = Math.round(Math.clamp((signed[i] + 1) / 2, 0, 1) * 255);
    }
    return bytes;
  }

  /** The largest value of {@link #pixels}. */
  double range() {
    return 255;
  }

  /** A square picture of {@link #pixels} at another size, by OpenCV's area resampling. */
  static float[] resized(float[] bytes, int to) {
    int from = (int) Math.round(Math.sqrt(bytes.length / 3.0));
    float[] all = new float[to * to * 3];
    for (int c = 0; c < 3; c++) {
      int[] channel = new int[from * from];
      for (int i = 0; i < channel.length; i++) {
        channel[i] = (int) bytes[i * 3 + c];
      }
      int[] resized = Resampling.CV_AREA.resize(channel, from, from, to, to);
      for (int i = 0; i < resized.length; i++) {
        all[i * 3 + c] = resized[i];
      }
    }
    return all;
  }

  /** As a command line spells it: {@code held-out}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
