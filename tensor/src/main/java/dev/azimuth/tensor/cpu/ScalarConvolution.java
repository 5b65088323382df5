package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import org.jspecify.annotations.Nullable;

/** The oracle's convolution and its two transposes, on [N, H, W, C] and [O, kH, kW, C / groups]. */
final class ScalarConvolution {
  private ScalarConvolution() {}

  static void conv2d(WorkPool pool, Kernel.Conv2d kernel) {
    Sizes s = new Sizes(kernel.geometry());
    double[] x = Elements.of(kernel.x());
    double[] weight = Elements.of(kernel.weight());
    double @Nullable [] bias = kernel.bias() == null ? null : Elements.of(kernel.bias());
    double[] y = new double[kernel.y().shape().size()];
    pool.run(
        s.g.batch() * s.outHeight,
        task -> {
          int image = task / s.outHeight;
          int oy = task % s.outHeight;
          for (int ox = 0; ox < s.outWidth; ox++) {
            for (int o = 0; o < s.g.outChannels(); o++) {
              double sum = window(s, x, weight, image, oy, ox, o);
              y[s.output(image, oy, ox) + o] = bias == null ? sum : sum + bias[o];
            }
          }
        });
    Elements.store(y, kernel.y());
  }

  private static double window(
      Sizes s, double[] x, double[] weight, int image, int oy, int ox, int o) {
    double sum = 0;
    for (int ky = 0; ky < s.g.kernelHeight(); ky++) {
      for (int kx = 0; kx < s.g.kernelWidth(); kx++) {
        int iy = s.inputRow(oy, ky);
        int ix = s.inputColumn(ox, kx);
        if (s.isInside(iy, ix)) {
          int from = s.input(image, iy, ix) + s.firstInChannel(o);
          int tap = s.tap(o, ky, kx);
          for (int c = 0; c < s.inPerGroup; c++) {
            sum += x[from + c] * weight[tap + c];
          }
        }
      }
    }
    return sum;
  }

  static void inputVjp(WorkPool pool, Kernel.Conv2dInputVjp kernel) {
    Sizes s = new Sizes(kernel.geometry());
    double[] dy = Elements.of(kernel.dy());
    double[] weight = Elements.of(kernel.weight());
    double[] dx = new double[kernel.dx().shape().size()];
    // a row of dx gathers from the outputs that saw it, so that tasks write disjoint places
    pool.run(
        s.g.batch() * s.g.height(),
        task -> {
          int image = task / s.g.height();
          int iy = task % s.g.height();
          for (int oy = 0; oy < s.outHeight; oy++) {
            int ky = iy - s.inputRow(oy, 0);
            if (ky >= 0 && ky < s.g.kernelHeight()) {
              scatterRow(s, dy, weight, dx, image, iy, oy, ky);
            }
          }
        });
    Elements.store(dx, kernel.dx());
  }

  private static void scatterRow(
      Sizes s, double[] dy, double[] weight, double[] dx, int image, int iy, int oy, int ky) {
    for (int ox = 0; ox < s.outWidth; ox++) {
      for (int kx = 0; kx < s.g.kernelWidth(); kx++) {
        int ix = s.inputColumn(ox, kx);
        if (!s.isInside(iy, ix)) {
          continue;
        }
        for (int o = 0; o < s.g.outChannels(); o++) {
          double d = dy[s.output(image, oy, ox) + o];
          int to = s.input(image, iy, ix) + s.firstInChannel(o);
          int tap = s.tap(o, ky, kx);
          for (int c = 0; c < s.inPerGroup; c++) {
            dx[to + c] += d * weight[tap + c];
          }
        }
      }
    }
  }

  static void weightVjp(WorkPool pool, Kernel.Conv2dWeightVjp kernel) {
    Sizes s = new Sizes(kernel.geometry());
    double[] x = Elements.of(kernel.x());
    double[] dy = Elements.of(kernel.dy());
    double[] dWeight = new double[kernel.dWeight().shape().size()];
    pool.run(
        s.g.outChannels(),
        o -> {
          for (int image = 0; image < s.g.batch(); image++) {
            for (int oy = 0; oy < s.outHeight; oy++) {
              for (int ox = 0; ox < s.outWidth; ox++) {
                double d = dy[s.output(image, oy, ox) + o];
                addWindow(s, x, d, dWeight, image, oy, ox, o);
              }
            }
          }
        });
    Elements.store(dWeight, kernel.dWeight());
  }

  private static void addWindow(
      Sizes s, double[] x, double d, double[] dWeight, int image, int oy, int ox, int o) {
    for (int ky = 0; ky < s.g.kernelHeight(); ky++) {
      for (int kx = 0; kx < s.g.kernelWidth(); kx++) {
        int iy = s.inputRow(oy, ky);
        int ix = s.inputColumn(ox, kx);
        if (s.isInside(iy, ix)) {
          int from = s.input(image, iy, ix) + s.firstInChannel(o);
          int tap = s.tap(o, ky, kx);
          for (int c = 0; c < s.inPerGroup; c++) {
            dWeight[tap + c] += d * x[from + c];
          }
        }
      }
    }
  }

  /** A geometry with its derived sizes, and where each operand keeps what. */
  private static final class Sizes {
    final Conv2dGeometry g;
    final int outHeight;
    final int outWidth;
    final int inPerGroup;
    final int outPerGroup;

    Sizes(Conv2dGeometry g) {
      this.g = g;
      outHeight = g.outHeight();
      outWidth = g.outWidth();
      inPerGroup = g.inChannels() / g.groups();
      outPerGroup = g.outChannels() / g.groups();
    }

    int inputRow(int oy, int ky) {
      return oy * g.stride().vertical() - g.padding().top() + ky;
    }

    int inputColumn(int ox, int kx) {
      return ox * g.stride().horizontal() - g.padding().left() + kx;
    }

    boolean isInside(int iy, int ix) {
      return iy >= 0 && iy < g.height() && ix >= 0 && ix < g.width();
    }

    /** First channel of the group that output channel o reads. */
    int firstInChannel(int o) {
      return o / outPerGroup * inPerGroup;
    }

    int input(int image, int iy, int ix) {
      return ((image * g.height() + iy) * g.width() + ix) * g.inChannels();
    }

    int output(int image, int oy, int ox) {
      return ((image * outHeight + oy) * outWidth + ox) * g.outChannels();
    }

    int tap(int o, int ky, int kx) {
      return ((o * g.kernelHeight() + ky) * g.kernelWidth() + kx) * inPerGroup;
    }
  }
}
