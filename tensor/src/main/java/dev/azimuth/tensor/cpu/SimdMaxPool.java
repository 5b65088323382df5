package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import java.util.Arrays;

/** Maximum pooling of channels-last images. */
final class SimdMaxPool {
  private SimdMaxPool() {}

  static void run(Kernel.MaxPool2d kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] y = HostBuffer.floats(kernel.y());
    Conv2dGeometry g = kernel.geometry();
    int channels = g.inChannels();
    int row = g.outWidth() * channels;
    Ranges.split(
        pool,
        g.batch() * g.outHeight(),
        row * g.kernelHeight() * g.kernelWidth(),
        (from, to) -> {
          for (int i = from; i < to; i++) {
            Arrays.fill(y, i * row, (i + 1) * row, Float.NEGATIVE_INFINITY);
            for (int ox = 0; ox < g.outWidth(); ox++) {
              Window window = Window.of(g, i % g.outHeight(), ox);
              int image = i / g.outHeight() * g.height();
              for (int r = window.top; r < window.bottom; r++) {
                for (int c = window.left; c < window.right; c++) {
                  int source = ((image + r) * g.width() + c) * channels;
                  raise(x, source, y, i * row + ox * channels, channels);
                }
              }
            }
          }
        });
  }

  private static void raise(float[] x, int from, float[] y, int to, int count) {
    for (int i = 0; i < count; i++) {
      y[to + i] = Math.max(y[to + i], x[from + i]);
    }
  }

  static void run(Kernel.MaxPool2dVjp kernel, WorkPool pool) {
    float[] x = HostBuffer.floats(kernel.x());
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dx = HostBuffer.floats(kernel.dx());
    Conv2dGeometry g = kernel.geometry();
    int size = g.height() * g.width() * g.inChannels();
    // windows overlap within an image only
    Ranges.split(
        pool,
        g.batch(),
        size,
        (from, to) -> {
          Arrays.fill(dx, from * size, to * size, 0f);
          int[] winner = new int[g.inChannels()];
          for (int image = from; image < to; image++) {
            for (int oy = 0; oy < g.outHeight(); oy++) {
              for (int ox = 0; ox < g.outWidth(); ox++) {
                int source = ((image * g.outHeight() + oy) * g.outWidth() + ox) * g.inChannels();
                findWinners(g, x, image, Window.of(g, oy, ox), winner);
                for (int c = 0; c < winner.length; c++) {
                  if (winner[c] >= 0) {
                    dx[winner[c]] += dy[source + c];
                  }
                }
              }
            }
          }
        });
  }

  /** Per channel the index of the window's first maximum in x, -1 if the window holds nothing. */
  private static void findWinners(
      Conv2dGeometry g, float[] x, int image, Window window, int[] winner) {
    Arrays.fill(winner, -1);
    for (int r = window.top; r < window.bottom; r++) {
      for (int col = window.left; col < window.right; col++) {
        int source = ((image * g.height() + r) * g.width() + col) * winner.length;
        for (int c = 0; c < winner.length; c++) {
          if (winner[c] < 0 || beats(x[source + c], x[winner[c]])) {
            winner[c] = source + c;
          }
        }
      }
    }
  }

  /** NaN wins and stays. */
  private static boolean beats(float a, float b) {
    return a > b || (Float.isNaN(a) && !Float.isNaN(b));
  }

  /** The part of a window that lies in the image; ends are exclusive. */
  private record Window(int top, int bottom, int left, int right) {
    static Window of(Conv2dGeometry g, int oy, int ox) {
      int top = oy * g.stride().vertical() - g.padding().top();
      int left = ox * g.stride().horizontal() - g.padding().left();
      return new Window(
          Math.max(0, top),
          Math.min(g.height(), top + g.kernelHeight()),
          Math.max(0, left),
          Math.min(g.width(), left + g.kernelWidth()));
    }
  }
}
