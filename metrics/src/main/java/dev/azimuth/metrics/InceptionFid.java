package dev.azimuth.metrics;

import dev.azimuth.diffusion.checkpoint.PublishedWeights;
import dev.azimuth.nn.Initialization;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.Sequential;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.file.StoredTensor;
import dev.azimuth.tensor.file.TensorFile;
import dev.azimuth.tensor.op.Resize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;

/**
 * Inception v3 (Szegedy et al. 2016) as FID was defined with it: TensorFlow's weights of 2015,
 * whose averages leave the border out and whose last block pools by maximum (reference pytorch-fid
 * {@code inception.py}).
 */
public final class InceptionFid {
  /** What FID compares: the means of the last block, 2048 features. */
  public static final String FEATURES = "pool3";

  private static final int SIZE = 299;
  private static final double EPS = 0.001;

  /** ImageNet's with TensorFlow's background and unused ones. */
  private static final int CLASSES = 1008;

  private final SequencedMap<String, Module> stages = new LinkedHashMap<>();

  /** Parameters as the published weights name them: {@code Conv2d_1a_3x3.conv.weight, ...}. */
  public InceptionFid(Parameters p) {
    Module pool = x -> x.maxPool2d(3, 2, 0);
    stages.put("Conv2d_1a_3x3", square(p.at("Conv2d_1a_3x3"), 3, 32, 3, 2, 0));
    stages.put("Conv2d_2a_3x3", square(p.at("Conv2d_2a_3x3"), 32, 32, 3, 1, 0));
    stages.put("Conv2d_2b_3x3", square(p.at("Conv2d_2b_3x3"), 32, 64, 3, 1, 1));
    stages.put("maxpool1", pool);
    stages.put("Conv2d_3b_1x1", one(p.at("Conv2d_3b_1x1"), 64, 80));
    stages.put("Conv2d_4a_3x3", square(p.at("Conv2d_4a_3x3"), 80, 192, 3, 1, 0));
    stages.put("maxpool2", pool);
    stages.put("Mixed_5b", mixed5(p.at("Mixed_5b"), 192, 32));
    stages.put("Mixed_5c", mixed5(p.at("Mixed_5c"), 256, 64));
    stages.put("Mixed_5d", mixed5(p.at("Mixed_5d"), 288, 64));
    stages.put("Mixed_6a", mixed6a(p.at("Mixed_6a")));
    stages.put("Mixed_6b", mixed6(p.at("Mixed_6b"), 128));
    stages.put("Mixed_6c", mixed6(p.at("Mixed_6c"), 160));
    stages.put("Mixed_6d", mixed6(p.at("Mixed_6d"), 160));
    stages.put("Mixed_6e", mixed6(p.at("Mixed_6e"), 192));
    stages.put("Mixed_7a", mixed7a(p.at("Mixed_7a")));
    stages.put("Mixed_7b", mixed7(p.at("Mixed_7b"), 1280, InceptionFid::averaged));
    stages.put(FEATURES, mixed7(p.at("Mixed_7c"), 2048, x -> x.maxPool2d(3, 1, 1)));
  }

  /**
   * The published weights: pytorch-fid's port of TensorFlow's ({@code
   * pt_inception-2015-12-05-*.pth}), with which the distance is FID, or torchvision's Inception v3,
   * with which it is another. What classifies is not read.
   *
   * @throws dev.azimuth.tensor.file.FileFormatException if the file isn't strictly that network's
   */
  public static InceptionFid open(Backend backend, Path file) throws IOException {
    Parameters outline = Parameters.outlined();
    new InceptionFid(outline);
    Parameters root =
        Parameters.stored(
            backend,
            Parameters.Storage.FLOAT32,
            ParameterSource.of(
                new PublishedWeights(
                        "Inception v3", outline.shapes(), name -> name, InceptionFid::isBeside)
                    .read(file)));
    return new InceptionFid(root);
  }

  private static boolean isBeside(String name) {
    return name.startsWith("fc.")
        || name.startsWith("AuxLogits.")
        || name.endsWith(".num_batches_tracked");
  }

  /**
   * What the Fréchet distance over a file's features is called: {@code FID} only for the weights
   * that it was defined with, which tell 1008 classes apart instead of ImageNet's 1000.
   */
  public static String distanceName(Path file) throws IOException {
    try (TensorFile weights = PublishedWeights.open(file)) {
      StoredTensor classes = weights.entries().get("fc.weight");
      boolean isTensorFlows = classes != null && classes.shape()[0] == CLASSES;
      return isTensorFlows ? "FID" : "Fréchet distance, Inception v3 other than FID's";
    }
  }

  /** Pictures [N, H, W, 3] at the size that the published features are taken at. */
  public static Tensor resized(Tensor image) {
    return image.resize(Resize.Mode.BILINEAR, SIZE, SIZE, false);
  }

  /**
   * Each stage's features of pictures [N, H, W, 3] in [-1, 1], averaged over the pixels: [N,
   * channels], the last of them {@link #FEATURES}.
   */
  public SequencedMap<String, Tensor> forward(Tensor pixels) {
    Check.shape("inception", "pixels", pixels, -1, -1, -1, 3);
    SequencedMap<String, Tensor> means = new LinkedHashMap<>();
    Tensor x = pixels;
    for (String name : stages.sequencedKeySet()) {
      x = stages.getOrDefault(name, y -> y).forward(x);
      means.put(name, x.mean(1, 2));
    }
    return means;
  }

  /** What FID compares, [N, 2048], of pictures [N, H, W, 3] of any size in [-1, 1]. */
  public Tensor features(Tensor image) {
    // resized as the published program does it, before [0, 1] becomes [-1, 1]: the same numbers
    return Objects.requireNonNull(forward(resized(image)).get(FEATURES));
  }

  private static Module mixed5(Parameters p, int in, int pooled) {
    return branches(
        one(p.at("branch1x1"), in, 64),
        Sequential.of(
            one(p.at("branch5x5_1"), in, 48), square(p.at("branch5x5_2"), 48, 64, 5, 1, 2)),
        Sequential.of(
            one(p.at("branch3x3dbl_1"), in, 64),
            square(p.at("branch3x3dbl_2"), 64, 96, 3, 1, 1),
            square(p.at("branch3x3dbl_3"), 96, 96, 3, 1, 1)),
        Sequential.of(InceptionFid::averaged, one(p.at("branch_pool"), in, pooled)));
  }

  private static Module mixed6a(Parameters p) {
    return branches(
        square(p.at("branch3x3"), 288, 384, 3, 2, 0),
        Sequential.of(
            one(p.at("branch3x3dbl_1"), 288, 64),
            square(p.at("branch3x3dbl_2"), 64, 96, 3, 1, 1),
            square(p.at("branch3x3dbl_3"), 96, 96, 3, 2, 0)),
        x -> x.maxPool2d(3, 2, 0));
  }

  private static Module mixed6(Parameters p, int c) {
    return branches(
        one(p.at("branch1x1"), 768, 192),
        Sequential.of(
            one(p.at("branch7x7_1"), 768, c),
            wide(p.at("branch7x7_2"), c, c, 7),
            tall(p.at("branch7x7_3"), c, 192, 7)),
        Sequential.of(
            one(p.at("branch7x7dbl_1"), 768, c),
            tall(p.at("branch7x7dbl_2"), c, c, 7),
            wide(p.at("branch7x7dbl_3"), c, c, 7),
            tall(p.at("branch7x7dbl_4"), c, c, 7),
            wide(p.at("branch7x7dbl_5"), c, 192, 7)),
        Sequential.of(InceptionFid::averaged, one(p.at("branch_pool"), 768, 192)));
  }

  private static Module mixed7a(Parameters p) {
    return branches(
        Sequential.of(
            one(p.at("branch3x3_1"), 768, 192), square(p.at("branch3x3_2"), 192, 320, 3, 2, 0)),
        Sequential.of(
            one(p.at("branch7x7x3_1"), 768, 192),
            wide(p.at("branch7x7x3_2"), 192, 192, 7),
            tall(p.at("branch7x7x3_3"), 192, 192, 7),
            square(p.at("branch7x7x3_4"), 192, 192, 3, 2, 0)),
        x -> x.maxPool2d(3, 2, 0));
  }

  private static Module mixed7(Parameters p, int in, Module pool) {
    return branches(
        one(p.at("branch1x1"), in, 320),
        Sequential.of(
            one(p.at("branch3x3_1"), in, 384),
            branches(
                wide(p.at("branch3x3_2a"), 384, 384, 3), tall(p.at("branch3x3_2b"), 384, 384, 3))),
        Sequential.of(
            one(p.at("branch3x3dbl_1"), in, 448),
            square(p.at("branch3x3dbl_2"), 448, 384, 3, 1, 1),
            branches(
                wide(p.at("branch3x3dbl_3a"), 384, 384, 3),
                tall(p.at("branch3x3dbl_3b"), 384, 384, 3))),
        Sequential.of(pool, one(p.at("branch_pool"), in, 192)));
  }

  private static Module branches(Module... modules) {
    return x ->
        Tensor.concat(
            3, Arrays.stream(modules).map(module -> module.forward(x)).toArray(Tensor[]::new));
  }

  private static Module one(Parameters p, int in, int out) {
    return square(p, in, out, 1, 1, 0);
  }

  private static Module square(Parameters p, int in, int out, int kernel, int stride, int padding) {
    Tensor weight = weight(p, in, out, kernel, kernel);
    return unit(p, weight, Stride.of(stride), Padding.of(padding));
  }

  /** 1×n, keeping the size. */
  private static Module wide(Parameters p, int in, int out, int n) {
    return unit(p, weight(p, in, out, 1, n), Stride.of(1), new Padding(0, 0, n / 2, n / 2));
  }

  /** n×1, keeping the size. */
  private static Module tall(Parameters p, int in, int out, int n) {
    return unit(p, weight(p, in, out, n, 1), Stride.of(1), new Padding(n / 2, n / 2, 0, 0));
  }

  private static Tensor weight(Parameters p, int in, int out, int height, int width) {
    Initialization fanIn = Initialization.fanIn(in * height * width);
    return p.at("conv").convolution("weight", fanIn, out, in, height, width);
  }

  /** Convolution without bias, normalised by its running statistics, rectified. */
  private static Module unit(Parameters p, Tensor weight, Stride stride, Padding padding) {
    Parameters bn = p.at("bn");
    int channels = weight.shape().dim(0);
    Tensor scale = bn.tensor("weight", Initialization.ones(), channels);
    Tensor shift = bn.tensor("bias", Initialization.zeros(), channels);
    Tensor mean = bn.tensor("running_mean", Initialization.zeros(), channels);
    Tensor variance = bn.tensor("running_var", Initialization.ones(), channels);
    return x ->
        x.conv2d(weight, null, stride, padding, 1)
            .batchNorm(mean, variance, scale, shift, EPS)
            .clamp(0, Double.POSITIVE_INFINITY);
  }

  /** Means of the 3×3 around each pixel, of those 9, 6 or 4 that lie inside. */
  private static Tensor averaged(Tensor x) {
    Tensor sums = ninths(x);
    Shape inside = Shape.of(1, x.shape().dim(1), x.shape().dim(2), 1);
    return sums.div(ninths(Tensor.full(x.backend(), x.dtype(), inside, 1)));
  }

  private static Tensor ninths(Tensor x) {
    List<Integer> border = List.of(0, 1, 1, 0);
    return x.pad(border, border, 0).avgPool2d(3, 1);
  }
}
