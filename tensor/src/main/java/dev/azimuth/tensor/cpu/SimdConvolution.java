package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import org.jspecify.annotations.Nullable;

/**
 * Convolutions in float32 as matrix products over {@link Patches}, one product per channel group,
 * where {@link Winograd} doesn't suit.
 *
 * <p>The input's gradient is itself a convolution of dy, with flipped weights whose in- and output
 * channels change places. With stride s, input positions fall into s·s phases, each of which meets
 * only every s-th tap, so that each phase is such a convolution with stride 1 and a smaller kernel.
 */
final class SimdConvolution {
  private final WorkPool pool;
  private final boolean isExact;

  /** Exact ones leave {@link Winograd} alone. */
  SimdConvolution(WorkPool pool, boolean isExact) {
    this.pool = pool;
    this.isExact = isExact;
  }

  void run(Kernel.Conv2d kernel) {
    Conv2dGeometry g = kernel.geometry();
    Winograd winograd = isExact ? null : Winograd.suiting(g);
    if (winograd != null) {
      winograd.run(kernel, pool);
      return;
    }
    float @Nullable [] bias = kernel.bias() == null ? null : HostBuffer.floats(kernel.bias());
    float[] y = HostBuffer.floats(kernel.y());
    int outs = g.outChannels() / g.groups();
    int size = windowSize(g);
    int positions = g.batch() * g.outHeight() * g.outWidth();
    for (int group = 0; group < g.groups(); group++) {
      LeftFactor left = windows(HostBuffer.floats(kernel.x()), g, group);
      RightFactor right =
          g.groups() == 1
              ? HostBuffer.transposed(kernel.weight(), outs, size)
              : new Factor.ColumnMajor(
                  HostBuffer.floats(kernel.weight()), group * outs * size, size);
      new Product(left, right, positions, outs, size)
          .into(
              new Product.Target.RowMajor(y, group * outs, g.outChannels()),
              bias,
              group * outs,
              pool);
    }
  }

  void run(Kernel.Conv2dWeightVjp kernel) {
    Conv2dGeometry g = kernel.geometry();
    if (!isExact && WinogradWeightGradient.suits(g)) {
      WinogradWeightGradient.run(kernel, pool);
      return;
    }
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] dWeight = HostBuffer.floats(kernel.dWeight());
    int outs = g.outChannels() / g.groups();
    int size = windowSize(g);
    int positions = g.batch() * g.outHeight() * g.outWidth();
    for (int group = 0; group < g.groups(); group++) {
      LeftFactor left = new Factor.ColumnMajor(dy, group * outs, g.outChannels());
      RightFactor right = windows(HostBuffer.floats(kernel.x()), g, group);
      new SplitProduct(left, right, outs, size, positions)
          .into(new Product.Target.RowMajor(dWeight, group * outs * size, size), pool);
    }
  }

  private static int windowSize(Conv2dGeometry g) {
    return g.kernelHeight() * g.kernelWidth() * (g.inChannels() / g.groups());
  }

  /** The windows of x that the outputs of a group see. */
  private static Factor windows(float[] x, Conv2dGeometry g, int group) {
    int channels = g.inChannels() / g.groups();
    boolean isPointwise =
        windowSize(g) == channels
            && g.stride().vertical() == 1
            && g.stride().horizontal() == 1
            && g.outHeight() == g.height()
            && g.outWidth() == g.width();
    if (isPointwise) {
      return new Factor.RowMajor(x, group * channels, g.inChannels());
    }
    return new Patches(
        x,
        new Patches.Images(g.height(), g.width(), g.inChannels(), group * channels, channels),
        new Patches.Grid(
            g.outHeight(),
            g.outWidth(),
            g.stride().vertical(),
            g.stride().horizontal(),
            -g.padding().top(),
            -g.padding().left()),
        new Patches.Window(g.kernelHeight(), g.kernelWidth()));
  }

  void run(Kernel.Conv2dInputVjp kernel) {
    Conv2dGeometry g = kernel.geometry();
    Winograd winograd = isExact ? null : Winograd.suiting(g);
    if (winograd != null) {
      RightFactor flipped = new FlippedWeight(kernel, 0, phaseDown(g, 0), phaseAcross(g, 0));
      winograd.run(kernel, flipped, pool);
      return;
    }
    for (int group = 0; group < g.groups(); group++) {
      for (int row = 0; row < Math.min(g.stride().vertical(), g.height()); row++) {
        for (int column = 0; column < Math.min(g.stride().horizontal(), g.width()); column++) {
          inputPhase(kernel, group, row, column);
        }
      }
    }
  }

  /** Input positions (row + i · stride, column + j · stride) of one group's channels. */
  private void inputPhase(Kernel.Conv2dInputVjp kernel, int group, int row, int column) {
    Conv2dGeometry g = kernel.geometry();
    Phase down = phaseDown(g, row);
    Phase across = phaseAcross(g, column);
    int outs = g.outChannels() / g.groups();
    int ins = g.inChannels() / g.groups();
    Patches left =
        new Patches(
            HostBuffer.floats(kernel.dy()),
            new Patches.Images(g.outHeight(), g.outWidth(), g.outChannels(), group * outs, outs),
            new Patches.Grid(down.positions, across.positions, 1, 1, down.origin, across.origin),
            new Patches.Window(down.taps, across.taps));
    RightFactor right = new FlippedWeight(kernel, group, down, across);
    int positions = g.batch() * down.positions * across.positions;
    new Product(left, right, positions, ins, down.taps * across.taps * outs)
        .into(phaseTarget(kernel, group * ins, down, across), null, 0, pool);
  }

  private static Phase phaseDown(Conv2dGeometry g, int row) {
    return Phase.of(row, g.height(), g.kernelHeight(), g.stride().vertical(), g.padding().top());
  }

  private static Phase phaseAcross(Conv2dGeometry g, int column) {
    return Phase.of(
        column, g.width(), g.kernelWidth(), g.stride().horizontal(), g.padding().left());
  }

  private static Product.Target phaseTarget(
      Kernel.Conv2dInputVjp kernel, int firstChannel, Phase down, Phase across) {
    Conv2dGeometry g = kernel.geometry();
    float[] dx = HostBuffer.floats(kernel.dx());
    if (down.stride == 1 && across.stride == 1) {
      return new Product.Target.RowMajor(dx, firstChannel, g.inChannels());
    }
    return new Product.Target.Scattered(
        dx,
        position -> {
          int x = across.first + position % across.positions * across.stride;
          int line = position / across.positions;
          int y = down.first + line % down.positions * down.stride;
          int image = line / down.positions;
          return ((image * g.height() + y) * g.width() + x) * g.inChannels() + firstChannel;
        });
  }

  /**
   * Input positions {@code first + i · stride} along one axis. They meet the taps {@code lastTap},
   * {@code lastTap - stride}, ... at the outputs {@code origin + i}, {@code origin + i + 1}, ...
   */
  private record Phase(int first, int stride, int positions, int taps, int lastTap, int origin) {
    static Phase of(int first, int size, int kernel, int stride, int padding) {
      int firstTap = (first + padding) % stride;
      int taps = firstTap < kernel ? Math.ceilDiv(kernel - firstTap, stride) : 0;
      return new Phase(
          first,
          stride,
          Math.ceilDiv(size - first, stride),
          taps,
          firstTap + (taps - 1) * stride,
          (first + padding - firstTap) / stride - (taps - 1));
    }
  }

  /** A phase's weight [(tap row, tap column, output channel), input channel], taps backwards. */
  private record FlippedWeight(Kernel.Conv2dInputVjp kernel, int group, Phase down, Phase across)
      implements RightFactor {
    @Override
    public void packPanel(int column, int columns, int k, int count, float[] to, int start) {
      Conv2dGeometry g = kernel.geometry();
      float[] weight = HostBuffer.floats(kernel.weight());
      int outs = g.outChannels() / g.groups();
      int size = windowSize(g);
      int channels = g.inChannels() / g.groups();
      for (int p = 0; p < count; ) {
        int tap = (k + p) / outs;
        int o = (k + p) % outs;
        int run = Math.min(count - p, outs - o);
        int ky = down.lastTap - tap / across.taps * down.stride;
        int kx = across.lastTap - tap % across.taps * across.stride;
        int from = (group * outs + o) * size + (ky * g.kernelWidth() + kx) * channels + column;
        for (int i = 0; i < run; i++, p++) {
          RightFactor.copyRow(
              weight, from + i * size, columns, to, start + p * RegisterBlock.COLUMNS);
        }
      }
    }
  }
}
