package dev.azimuth.metrics;

import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Learned perceptual image patch similarity, version 0.1 (Zhang et al. 2018; reference
 * PerceptualSimilarity {@code lpips.py}): distances of a classifier's normalised features, weighed
 * by channel and averaged over pixels, summed over its depths.
 */
public final class Lpips {
  private static final double[] SHIFT = {-.030, -.088, -.188};
  private static final double[] SCALE = {.458, .448, .450};
  private static final double TINY = 1e-10;

  private final List<LpipsBackbone.Slice> slices;
  private final List<Module> heads = new ArrayList<>();

  /**
   * How far pictures are from each other, each [N].
   *
   * @param value their distance, the sum of the layers'
   * @param layers what each depth adds
   */
  public record Distance(Tensor value, List<Tensor> layers) {}

  /** Parameters {@code net.sliceI...} of the classifier and {@code linI.model.1.weight}. */
  public Lpips(Parameters p, LpipsBackbone backbone) {
    this.slices = backbone.slices(p.at("net"));
    for (int i = 0; i < slices.size(); i++) {
      Parameters head = p.at("lin" + i).at("model").at(1);
      heads.add(Conv2d.withoutBias(head, slices.get(i).channels(), 1, Window.ONE));
    }
  }

  /** The distance of pictures [N, H, W, 3] in [-1, 1]; gradients flow through. */
  public Distance forward(Tensor a, Tensor b) {
    Check.shape("lpips", "a", a, -1, -1, -1, 3);
    Check.that(a.shape().equals(b.shape()), "lpips", "both pictures must have one size", a, b);
    Tensor x = normalized(a);
    Tensor y = normalized(b);
    List<Tensor> layers = new ArrayList<>();
    for (int i = 0; i < slices.size(); i++) {
      x = slices.get(i).forward(x);
      y = slices.get(i).forward(y);
      Tensor difference = unit(x).sub(unit(y)).square();
      layers.add(heads.get(i).forward(difference).mean(1, 2, 3));
    }
    return new Distance(layers.stream().reduce(Tensor::add).orElseThrow(), layers);
  }

  private static Tensor normalized(Tensor x) {
    Tensor shift = Tensor.of(x.backend(), x.dtype(), Shape.of(3), SHIFT);
    Tensor scale = Tensor.of(x.backend(), x.dtype(), Shape.of(3), SCALE);
    return x.sub(shift).div(scale);
  }

  /** Each pixel's channels at length 1. */
  private static Tensor unit(Tensor x) {
    Tensor length = x.square().sum(3).sqrt().add(TINY);
    return x.div(length.reshape(x.shape().with(3, 1).toArray()));
  }
}
