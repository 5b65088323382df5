package dev.azimuth.nn;

import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.op.Resize;

/** Doubling of a map [N, H, W, C] by nearest neighbour, then the 3×3 convolution {@code conv}. */
public final class Upsample implements Module {
  private final Conv2d conv;

  /** From {@code in} to {@code out} channels. */
  public Upsample(Parameters p, int in, int out) {
    this.conv = Conv2d.of(p.at("conv"), in, out, Window.THREE);
  }

  @Override
  public Tensor forward(Tensor x) {
    int height = 2 * x.shape().dim(1);
    int width = 2 * x.shape().dim(2);
    return conv.forward(x.resize(Resize.Mode.NEAREST, height, width, false));
  }
}
