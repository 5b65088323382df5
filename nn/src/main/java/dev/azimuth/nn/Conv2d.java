package dev.azimuth.nn;

import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import dev.azimuth.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * 2-D cross-correlation of [N, H, W, in] to [N, oH, oW, out]; parameters {@code weight} (published
 * [out, in, k, k]) and {@code bias} [out].
 */
public final class Conv2d implements Module {
  private final Tensor weight;
  private final @Nullable Tensor bias;
  private final Stride stride;
  private final Padding padding;

  /** What a convolution looks at: a square kernel, its step and the zeros around the image. */
  public record Window(int kernel, int stride, Padding padding) {
    /** 3×3, stride 1, padding 1: keeps the size. */
    public static final Window THREE = new Window(3, 1, Padding.of(1));

    /** 1×1: a linear layer at each pixel. */
    public static final Window ONE = new Window(1, 1, Padding.of(0));
  }

  private Conv2d(Tensor weight, @Nullable Tensor bias, Window window) {
    this.weight = weight;
    this.bias = bias;
    this.stride = Stride.of(window.stride);
    this.padding = window.padding;
  }

  /** With a bias. */
  public static Conv2d of(Parameters p, int in, int out, Window window) {
    return of(p, in, out, window, fanIn(in, window));
  }

  /** With a bias that starts otherwise than PyTorch's. */
  public static Conv2d of(Parameters p, int in, int out, Window window, Initialization bias) {
    return new Conv2d(
        p.convolution("weight", fanIn(in, window), out, in, window.kernel, window.kernel),
        p.tensor("bias", bias, out),
        window);
  }

  private static Initialization fanIn(int in, Window window) {
    return Initialization.fanIn(in * window.kernel * window.kernel);
  }

  /** Without a bias. */
  public static Conv2d withoutBias(Parameters p, int in, int out, Window window) {
    return new Conv2d(
        p.convolution("weight", fanIn(in, window), out, in, window.kernel, window.kernel),
        null,
        window);
  }

  /**
   * With weight and bias zero at the start, as the reference's {@code zero_module}: a residual
   * branch that ends in it begins as the identity.
   */
  public static Conv2d zero(Parameters p, int in, int out, Window window) {
    return new Conv2d(
        p.convolution("weight", Initialization.zeros(), out, in, window.kernel, window.kernel),
        p.tensor("bias", Initialization.zeros(), out),
        window);
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.conv2d(weight, bias, stride, padding, 1);
  }
}
