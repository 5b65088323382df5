package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Taps;

/** The oracle's resampling and maximum pooling of images [N, H, W, C]. */
final class ScalarPooling {
  private static final int NONE = -1;

  private ScalarPooling() {}

  static void resample(WorkPool pool, Kernel.Resample kernel) {
    Taps rows = kernel.rows();
    Taps columns = kernel.columns();
    int channels = kernel.x().shape().dim(3);
    double[] x = Elements.of(kernel.x());
    double[] y = new double[kernel.y().shape().size()];
    pool.run(
        kernel.x().shape().dim(0) * rows.outputs(),
        task -> {
          int image = task / rows.outputs();
          int oy = task % rows.outputs();
          for (int ox = 0; ox < columns.outputs(); ox++) {
            int to = (task * columns.outputs() + ox) * channels;
            for (int e = rows.start(oy); e < rows.start(oy + 1); e++) {
              for (int f = columns.start(ox); f < columns.start(ox + 1); f++) {
                double weight = (double) rows.weight(e) * columns.weight(f);
                int inRow = image * rows.inputs() + rows.index(e);
                int from = (inRow * columns.inputs() + columns.index(f)) * channels;
                for (int c = 0; c < channels; c++) {
                  y[to + c] += weight * x[from + c];
                }
              }
            }
          }
        });
    Elements.store(y, kernel.y());
  }

  static void maxPool2d(WorkPool pool, Kernel.MaxPool2d kernel) {
    double[] x = Elements.of(kernel.x());
    double[] y = new double[kernel.y().shape().size()];
    ScalarElementwise.forEach(
        pool,
        y.length,
        i -> {
          int winner = firstMaximum(kernel.geometry(), x, i);
          y[i] = winner == NONE ? Double.NEGATIVE_INFINITY : x[winner];
        });
    Elements.store(y, kernel.y());
  }

  static void maxPool2dVjp(WorkPool pool, Kernel.MaxPool2dVjp kernel) {
    double[] x = Elements.of(kernel.x());
    double[] dy = Elements.of(kernel.dy());
    double[] dx = new double[x.length];
    // windows overlap within an image only
    int perImage = kernel.geometry().batch() == 0 ? 0 : dy.length / kernel.geometry().batch();
    pool.run(
        kernel.geometry().batch(),
        image -> {
          for (int i = image * perImage; i < (image + 1) * perImage; i++) {
            int winner = firstMaximum(kernel.geometry(), x, i);
            if (winner != NONE) {
              dx[winner] += dy[i];
            }
          }
        });
    Elements.store(dx, kernel.dx());
  }

  /** Where the first maximum of the window of output {@code i} is, or NONE if it is all padding. */
  private static int firstMaximum(Conv2dGeometry g, double[] x, int i) {
    int channels = g.inChannels();
    int c = i % channels;
    int ox = i / channels % g.outWidth();
    int oy = i / channels / g.outWidth() % g.outHeight();
    int image = i / channels / g.outWidth() / g.outHeight();
    int top = oy * g.stride().vertical() - g.padding().top();
    int left = ox * g.stride().horizontal() - g.padding().left();
    int winner = NONE;
    for (int iy = Math.max(0, top); iy < Math.min(g.height(), top + g.kernelHeight()); iy++) {
      for (int ix = Math.max(0, left); ix < Math.min(g.width(), left + g.kernelWidth()); ix++) {
        int at = ((image * g.height() + iy) * g.width() + ix) * channels + c;
        // a NaN wins and stays
        if (winner == NONE
            || x[at] > x[winner]
            || (Double.isNaN(x[at]) && !Double.isNaN(x[winner]))) {
          winner = at;
        }
      }
    }
    return winner;
  }
}
