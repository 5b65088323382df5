package dev.azimuth.benchmarks;

import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.Initialization;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.ResidualBlock;
import dev.azimuth.nn.SpatialTransformer;
import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * What is worth timing: a model's networks, and every operation that they run, in the sizes in
 * which they run it, read off their traces.
 */
final class Workloads {
  private static final Initialization ANY = Initialization.zeros(); // operands have their source
  private static final int GUIDED = 2; // samples of a guided step
  private static final int FEW_TOKENS = 2; // an image token and a pose token, stacked
  private static final int MOST_SAMPLED = 128; // rows and columns of a sampled operation
  private static final int MOST_PIXELS = 16; // a side of its images
  private static final int TRAINED_TOGETHER = 16; // models/mini/training.json

  private final ModelConfig config;

  /** The workloads of a model. */
  Workloads(ModelConfig config) {
    this.config = config;
  }

  // --- networks ---

  /** A guided step of the UNet, the autoencoder's decoder and the image encoder. */
  List<Workload> networks() {
    int size = config.latentSize();
    return List.of(
        network("UNet step, batch %d, %d×%d, 1 token".formatted(GUIDED, size, size), step(1)),
        network("VAE decode to %d×%d".formatted(config.imageSize(), config.imageSize()), decoder()),
        network("CLIP encode, %d layers".formatted(config.clip().layers()), clip()));
  }

  private static Workload network(String name, Network network) {
    return new Workload(Family.NETWORK, name, Workload.Pass.FORWARD, network);
  }

  /** A guided step of the UNet. */
  private Network step(int tokens) {
    return (p, context) -> {
      int size = config.latentSize();
      UNet unet = new UNet(p.at("unet"), config.unet());
      Tensor x = input(p, "x", GUIDED, size, size, config.unet().inChannels());
      Tensor c = input(p, "context", GUIDED, tokens, config.unet().contextDim());
      long[] timesteps = new long[GUIDED];
      Arrays.fill(timesteps, config.schedule().timesteps() / 2);
      return () -> unet.forward(x, timesteps, context.apply(c));
    };
  }

  private Network decoder() {
    return (p, _) -> {
      int size = config.latentSize();
      AutoencoderKl autoencoder = new AutoencoderKl(p.at("autoencoder"), config.autoencoder());
      Tensor z = input(p, "z", 1, size, size, config.autoencoder().embedDim());
      return () -> autoencoder.decode(z);
    };
  }

  private Network clip() {
    return (p, _) -> {
      int size = config.clip().inputResolution();
      ClipVision clip = new ClipVision(p.at("clip"), config.clip());
      Tensor pixels = input(p, "pixels", 1, size, size, 3);
      return () -> clip.forward(pixels);
    };
  }

  /** A step of noise prediction's training, as the small model has it. */
  Workload training() {
    Network network =
        (p, context) -> {
          int size = config.latentSize();
          int z = config.unet().outChannels();
          UNet unet = new UNet(p.at("unet"), config.unet());
          Tensor x = constant(p, 1, TRAINED_TOGETHER, size, size, config.unet().inChannels());
          Tensor c = constant(p, 2, TRAINED_TOGETHER, 1, config.unet().contextDim());
          Tensor noise = constant(p, 3, TRAINED_TOGETHER, size, size, z);
          long[] timesteps = new long[TRAINED_TOGETHER];
          Arrays.setAll(
              timesteps, i -> (long) i * config.schedule().timesteps() / timesteps.length);
          return () -> unet.forward(x, timesteps, context.apply(c)).meanSquaredError(noise);
        };
    String name = "UNet training step, %d channels, batch %d";
    return new Workload(
        Family.NETWORK,
        name.formatted(config.unet().modelChannels(), TRAINED_TOGETHER),
        Workload.Pass.TRAINING,
        network);
  }

  /** A training step of the UNet's first level: a residual block and a transformer. */
  Workload levelTraining() {
    Network network =
        (p, context) -> {
          int size = config.latentSize();
          int channels = config.unet().modelChannels();
          int emb = config.unet().embChannels();
          int heads = config.unet().numHeads();
          int groups = config.unet().numGroups();
          int width = config.unet().contextDim();
          ResidualBlock block =
              new ResidualBlock(
                  p.at("0"), new ResidualBlock.Sizes(channels, emb, channels, groups));
          SpatialTransformer transformer =
              new SpatialTransformer(
                  p.at("1"),
                  new SpatialTransformer.Sizes(
                      channels, heads, channels / heads, 1, width, groups));
          Tensor x = constant(p, 1, GUIDED, size, size, channels);
          Tensor e = constant(p, 2, GUIDED, emb);
          Tensor c = constant(p, 3, GUIDED, 1, width);
          Tensor target = constant(p, 4, GUIDED, size, size, channels);
          return () ->
              transformer.forward(block.forward(x, e), context.apply(c)).meanSquaredError(target);
        };
    String name = "UNet level training step, %d channels, %d×%d, batch %d";
    return new Workload(
        Family.NETWORK,
        name.formatted(
            config.unet().modelChannels(), config.latentSize(), config.latentSize(), GUIDED),
        Workload.Pass.TRAINING,
        network);
  }

  private static Tensor input(Parameters p, String name, int... dims) {
    return p.at(Operands.INPUT).tensor(name, ANY, dims);
  }

  /** What training isn't differentiated in. */
  private static Tensor constant(Parameters p, long seed, int... dims) {
    Shape shape = Shape.of(dims);
    return Tensor.of(p.backend(), shape, Operands.uniform(shape.size(), seed));
  }

  // --- operations ---

  private static final class Occurrences {
    private final Workload workload;
    private double cost;

    Occurrences(Workload workload) {
      this.workload = workload;
    }
  }

  /**
   * The operations that the networks run, each size once.
   *
   * @param most of a family, those that cost most first
   */
  List<Workload> operations(int most) {
    return operations(most, k -> k);
  }

  /**
   * The same with fewer rows, pixels and outputs, and sums as long: for the oracle, which is slow,
   * and rounding errors, which don't depend on how many results there are.
   */
  List<Workload> samples(int most) {
    return operations(most, Workloads::sample);
  }

  private List<Workload> operations(int most, UnaryOperator<Kernel> size) {
    Map<String, Occurrences> found = new LinkedHashMap<>();
    for (Network network : List.of(step(FEW_TOKENS), decoder(), clip())) {
      for (Kernel kernel : Traced.forward(network, Context.Tokens::new).kernels()) {
        KernelCost cost = KernelCost.of(List.of(kernel));
        operation(size.apply(kernel))
            .ifPresent(
                w ->
                    found.computeIfAbsent(w.family() + w.name(), _ -> new Occurrences(w)).cost +=
                        cost.flops() + cost.bytes());
      }
    }
    List<Workload> operations = new ArrayList<>();
    for (Family family : Family.values()) {
      found.values().stream()
          .filter(o -> o.workload.family() == family)
          .sorted(Comparator.comparingDouble((Occurrences o) -> -o.cost))
          .limit(most)
          .forEach(o -> operations.add(o.workload));
    }
    return operations;
  }

  private static Optional<Workload> operation(Kernel kernel) {
    return switch (kernel) {
      case Kernel.Matmul k when k.aOffsets().length == 1 && !k.transposeA() && k.transposeB() ->
          Optional.of(linear(k));
      case Kernel.Conv2d k -> Optional.of(convolution(k.geometry(), k.bias() != null));
      case Kernel.Attention k -> Optional.of(attention(k));
      case Kernel.GroupNorm k when k.silu() -> Optional.of(groupNorm(k));
      case Kernel.LayerNorm k -> Optional.of(layerNorm(k));
      case Kernel.Geglu k -> Optional.of(geglu(k));
      default -> Optional.empty();
    };
  }

  private static Kernel sample(Kernel kernel) {
    return switch (kernel) {
      case Kernel.Matmul k ->
          new Kernel.Matmul(
              k.a(),
              k.aOffsets(),
              k.transposeA(),
              k.b(),
              k.bOffsets(),
              k.transposeB(),
              k.bias(),
              k.y(),
              Math.min(k.m(), MOST_SAMPLED),
              Math.min(k.n(), MOST_SAMPLED),
              k.k());
      case Kernel.Conv2d k ->
          new Kernel.Conv2d(k.x(), k.weight(), k.bias(), k.y(), sample(k.geometry()));
      default -> kernel;
    };
  }

  private static Conv2dGeometry sample(Conv2dGeometry g) {
    int height = Math.min(g.height(), MOST_PIXELS);
    int width = Math.min(g.width(), MOST_PIXELS);
    int outs = Math.min(g.outChannels(), MOST_SAMPLED);
    return new Conv2dGeometry(
        g.batch(),
        height,
        width,
        g.inChannels(),
        outs,
        g.kernelHeight(),
        g.kernelWidth(),
        g.stride(),
        g.padding(),
        g.groups());
  }

  private static Workload forward(Family family, String name, Network network) {
    return new Workload(family, name, Workload.Pass.FORWARD, network);
  }

  private static Workload linear(Kernel.Matmul k) {
    boolean isBiased = k.bias() != null;
    return forward(
        k.m() <= 32 ? Family.SKINNY_MATMUL : Family.MATMUL,
        "%d×%d×%d%s".formatted(k.m(), k.n(), k.k(), isBiased ? " + bias" : ""),
        (p, _) -> {
          Tensor x = input(p, "x", k.m(), k.k());
          Tensor weight = p.linear("weight", ANY, k.n(), k.k());
          Tensor bias = isBiased ? p.tensor("bias", ANY, k.n()) : null;
          return () -> x.linear(weight, bias);
        });
  }

  private static Workload convolution(Conv2dGeometry g, boolean isBiased) {
    boolean isThree = g.kernelHeight() == 3 && g.kernelWidth() == 3 && g.stride().vertical() == 1;
    String name =
        "%d×%d×%d×%d to %d"
            .formatted(g.batch(), g.height(), g.width(), g.inChannels(), g.outChannels());
    String kernel =
        ", %d×%d, stride %d".formatted(g.kernelHeight(), g.kernelWidth(), g.stride().vertical());
    return forward(
        isThree ? Family.CONVOLUTION_3X3 : Family.OTHER_CONVOLUTION,
        isThree ? name : name + kernel,
        (p, _) -> {
          Tensor x = input(p, "x", g.batch(), g.height(), g.width(), g.inChannels());
          Tensor weight =
              p.convolution(
                  "weight",
                  ANY,
                  g.outChannels(),
                  g.inChannels() / g.groups(),
                  g.kernelHeight(),
                  g.kernelWidth());
          Tensor bias = isBiased ? p.tensor("bias", ANY, g.outChannels()) : null;
          return () -> x.conv2d(weight, bias, g.stride(), g.padding(), g.groups());
        });
  }

  private static Workload attention(Kernel.Attention k) {
    int[] q = k.q().shape().toArray();
    int[] kv = k.k().shape().toArray();
    int heads = k.heads();
    double scale = k.scale();
    boolean causal = k.causal();
    return forward(
        q[1] == kv[1] ? Family.SELF_ATTENTION : Family.CROSS_ATTENTION,
        "%d×%d queries, %d keys, %d heads of %d".formatted(q[0], q[1], kv[1], heads, q[2] / heads),
        (p, _) -> {
          Tensor query = input(p, "q", q);
          Tensor key = input(p, "k", kv);
          Tensor value = input(p, "v", kv);
          return () -> query.attention(key, value, heads, scale, causal);
        });
  }

  private static Workload groupNorm(Kernel.GroupNorm k) {
    Shape s = k.x().shape();
    int side = (int) Math.sqrt(s.dim(1));
    int height = side * side == s.dim(1) ? side : s.dim(1);
    int width = s.dim(1) / height;
    return forward(
        Family.GROUP_NORM_SILU,
        "%d×%d×%d×%d".formatted(s.dim(0), height, width, s.dim(2)),
        (p, _) -> {
          Tensor x = input(p, "x", s.dim(0), height, width, s.dim(2));
          Tensor weight = p.tensor("weight", ANY, s.dim(2));
          Tensor bias = p.tensor("bias", ANY, s.dim(2));
          return () -> x.groupNorm(k.groups(), weight, bias, k.eps(), true);
        });
  }

  private static Workload layerNorm(Kernel.LayerNorm k) {
    int columns = k.x().shape().dim(-1);
    int rows = k.x().shape().size() / columns;
    return forward(
        Family.LAYER_NORM,
        rows + "×" + columns,
        (p, _) -> {
          Tensor x = input(p, "x", rows, columns);
          Tensor weight = p.tensor("weight", ANY, columns);
          Tensor bias = p.tensor("bias", ANY, columns);
          return () -> x.layerNorm(weight, bias, k.eps());
        });
  }

  private static Workload geglu(Kernel.Geglu k) {
    int columns = k.x().shape().dim(-1);
    int rows = k.x().shape().size() / columns;
    return forward(
        Family.GEGLU,
        rows + "×" + columns,
        (p, _) -> {
          Tensor x = input(p, "x", rows, columns);
          return x::geglu;
        });
  }
}
