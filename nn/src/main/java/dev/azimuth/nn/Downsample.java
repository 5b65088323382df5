package dev.azimuth.nn;

import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Tensor;

/** Halving of a map [N, H, W, C] by a 3×3 convolution of stride 2. */
public final class Downsample implements Module {
  private final Conv2d conv;

  private Downsample(Conv2d conv) {
    this.conv = conv;
  }

  /** The UNet's: parameter {@code op}, one row and column of zeros on each side. */
  public static Downsample unet(Parameters p, int in, int out) {
    return new Downsample(Conv2d.of(p.at("op"), in, out, new Window(3, 2, Padding.of(1))));
  }

  /** The autoencoder's: parameter {@code conv}, zeros only below and at the right. */
  public static Downsample autoencoder(Parameters p, int in, int out) {
    Padding padding = new Padding(0, 1, 0, 1);
    return new Downsample(Conv2d.of(p.at("conv"), in, out, new Window(3, 2, padding)));
  }

  @Override
  public Tensor forward(Tensor x) {
    return conv.forward(x);
  }
}
