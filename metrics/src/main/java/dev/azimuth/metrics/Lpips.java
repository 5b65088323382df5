package dev.azimuth.metrics;

import dev.azimuth.diffusion.checkpoint.PublishedWeights;
import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  /**
   * LPIPS as it is published: torchvision's classifier and PerceptualSimilarity's heads.
   *
   * @param classifier torchvision's state dict of the backbone ({@code alexnet-owt-*.pth}, {@code
   *     vgg16-*.pth}, {@code squeezenet1_1-*.pth}); what classifies is not read
   * @param heads the linear heads of the same backbone ({@code lpips/weights/v0.1/alex.pth})
   * @throws dev.azimuth.tensor.file.FileFormatException if a file isn't strictly what it should be
   */
  public static Lpips open(Backend backend, LpipsBackbone backbone, Path classifier, Path heads)
      throws IOException {
    Parameters outline = Parameters.outlined();
    new Lpips(outline, backbone);
    Map<String, Shape> ofClassifier = new LinkedHashMap<>(outline.shapes());
    ofClassifier.keySet().removeIf(name -> !name.startsWith("net."));
    Map<String, Shape> ofHeads = new LinkedHashMap<>(outline.shapes());
    ofHeads.keySet().removeAll(ofClassifier.keySet());
    Map<String, ParameterSource.Stored> all =
        new LinkedHashMap<>(
            new PublishedWeights(
                    "torchvision's " + backbone,
                    ofClassifier,
                    // net.slice2.3.weight is features.3.weight there
                    name -> "features." + name.split("\\.", 3)[2],
                    name -> name.startsWith("classifier."))
                .read(classifier));
    all.putAll(
        new PublishedWeights("LPIPS' heads on " + backbone, ofHeads, name -> name, _ -> false)
            .read(heads));
    Parameters root =
        Parameters.stored(backend, Parameters.Storage.FLOAT32, ParameterSource.of(all));
    Lpips lpips = new Lpips(root, backbone);
    root.requireComplete();
    return lpips;
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
