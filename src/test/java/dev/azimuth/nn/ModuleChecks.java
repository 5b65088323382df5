package dev.azimuth.nn;

import dev.azimuth.autograd.GradCheck;
import dev.azimuth.diffusion.AutoencoderAttention;
import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.AutoencoderResidualBlock;
import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipText;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.ConditionViews;
import dev.azimuth.diffusion.Conditioner;
import dev.azimuth.diffusion.ConditionerConfig;
import dev.azimuth.diffusion.ConditionerConfig.Token;
import dev.azimuth.diffusion.Conditioning;
import dev.azimuth.diffusion.Decoder;
import dev.azimuth.diffusion.Encoder;
import dev.azimuth.diffusion.TinyModels;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.diffusion.ViewEncoder;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.CrossAttention.Sizes;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Every module as a function of its inputs and all its parameters, in float64, with the leaves
 * whose gradient vanishes named.
 */
final class ModuleChecks {
  private static final Pattern KEY_BIAS = Pattern.compile("(^|.*\\.)k\\.bias");
  private static final Pattern QUERIES_AND_KEYS =
      Pattern.compile(
          "(^|.*attn2\\.)to_[qk]\\.weight|.*\\.norm2\\.(weight|bias)|norm2\\.(weight|bias)");

  /** Norms over a handful of elements bend sharply: quotients need a smaller step than usual. */
  private static final double STEP = 1.0 / 512;

  private static final Predicate<String> NONE = name -> false;

  /** One module, built and fed. */
  record ModuleCheck(String name, Class<?> module, GradCheck check) {}

  private final Backend backend;
  private final List<ModuleCheck> checks = new ArrayList<>();

  private ModuleChecks(Backend backend) {
    this.backend = backend;
  }

  static List<ModuleCheck> all(Backend backend) {
    ModuleChecks all = new ModuleChecks(backend);
    all.addLayers();
    all.addAttention();
    all.addBlocks();
    all.addAutoencoder();
    all.addNetworks();
    return all.checks;
  }

  private void addLayers() {
    add("linear", Linear.class, p -> Linear.of(p, 3, 4), 2, 5, 3);
    add("without bias", Linear.class, p -> Linear.withoutBias(p, 3, 4), 2, 3);
    Window window = new Window(3, 2, new Padding(0, 1, 1, 0));
    add("strided", Conv2d.class, p -> Conv2d.of(p, 2, 3, window), 2, 4, 5, 2);
    add("without bias", Conv2d.class, p -> Conv2d.withoutBias(p, 2, 3, Window.ONE), 1, 3, 2, 2);
    add("from zero", Conv2d.class, p -> Conv2d.zero(p, 2, 3, Window.THREE), 1, 3, 4, 2);
    add("alone", GroupNorm.class, p -> new GroupNorm(p, 2, 4, 1e-5)::forward, NONE, 2, 3, 2, 4);
    add("and SiLU", GroupNorm.class, p -> new GroupNorm(p, 2, 6, 1e-5)::forwardSilu, NONE, 2, 3, 6);
    add("tokens", LayerNorm.class, p -> new LayerNorm(p, 5), 2, 3, 5);
    Parameters table = parameters();
    Embedding embedding = new Embedding(table, 5, 3);
    add(
        "repeated rows",
        Embedding.class,
        table,
        Map.of(),
        () -> embedding.forward(new int[] {4, 0, 4, 1, 2, 3}, Shape.of(2, 3)),
        NONE);
    add(
        "two layers",
        Sequential.class,
        p ->
            Sequential.of(
                Linear.of(p.at(0), 3, 4), Tensor::silu, Linear.withoutBias(p.at(2), 4, 2)),
        2,
        3);
    add("to half", Downsample.class, p -> Downsample.unet(p, 2, 3), 1, 4, 4, 2);
    add("asymmetric", Downsample.class, p -> Downsample.autoencoder(p, 2, 3), 1, 4, 4, 2);
    add("to double", Upsample.class, p -> new Upsample(p, 2, 3), 1, 2, 3, 2);
  }

  private void addAttention() {
    add(
        "all tokens",
        MultiHeadAttention.class,
        p -> new MultiHeadAttention(p, 6, 2, false),
        2,
        4,
        6);
    add("causal", MultiHeadAttention.class, p -> new MultiHeadAttention(p, 6, 2, true), 1, 4, 6);
    add("gated", GegluFeedForward.class, p -> new GegluFeedForward(p, 3, 4, 2), 2, 2, 3);
    Sizes sizes = new Sizes(4, 5, 2, 3);
    // x and the context are leaves; at one token neither x nor q nor k matters
    for (ContextCase c : ContextCase.values()) {
      Parameters p = parameters();
      CrossAttention attention = new CrossAttention(p, sizes);
      addContext(
          c,
          CrossAttention.class,
          p,
          attention::forward,
          name -> QUERIES_AND_KEYS.matcher(name).matches() || name.equals("x"),
          2,
          3,
          4);
      Parameters q = parameters();
      BasicTransformerBlock block = new BasicTransformerBlock(q, sizes);
      addContext(
          c,
          BasicTransformerBlock.class,
          q,
          block::forward,
          QUERIES_AND_KEYS.asMatchPredicate(),
          2,
          3,
          4);
      Parameters r = parameters();
      SpatialTransformer transformer =
          new SpatialTransformer(r, new SpatialTransformer.Sizes(4, 2, 3, 1, 5, 2));
      addContext(
          c,
          SpatialTransformer.class,
          r,
          transformer::forward,
          QUERIES_AND_KEYS.asMatchPredicate(),
          2,
          2,
          2,
          4);
    }
  }

  /** The paths through cross-attention. */
  private enum ContextCase {
    COLLAPSED(1),
    ONE_TOKEN(1),
    THREE_TOKENS(3);

    private final int tokens;

    ContextCase(int tokens) {
      this.tokens = tokens;
    }

    Context of(Tensor tokens) {
      return this == COLLAPSED ? new Context.SingleToken(tokens) : new Context.Tokens(tokens);
    }
  }

  private void addContext(
      ContextCase c,
      Class<?> module,
      Parameters p,
      BiFunction<Tensor, Context, Tensor> forward,
      Predicate<String> zeroAtOneToken,
      int... xDims) {
    Tensor x = leaf(xDims);
    Tensor context = leaf(xDims[0], c.tokens, 5);
    add(
        c.name(),
        module,
        p,
        Map.of("x", x, "context", context),
        () -> forward.apply(x, c.of(context)),
        c.tokens == 1 ? zeroAtOneToken : NONE);
  }

  private void addBlocks() {
    for (int out : List.of(4, 6)) {
      Parameters p = parameters();
      ResidualBlock block = new ResidualBlock(p, new ResidualBlock.Sizes(4, 3, out, 2));
      Tensor x = leaf(2, 3, 2, 4);
      Tensor emb = leaf(2, 3);
      add(
          "to " + out + " channels",
          ResidualBlock.class,
          p,
          Map.of("x", x, "emb", emb),
          () -> block.forward(x, emb),
          NONE);
      add(
          "to " + out + " channels",
          AutoencoderResidualBlock.class,
          q -> new AutoencoderResidualBlock(q, 4, out, 2),
          2,
          2,
          3,
          4);
    }
    add(
        "pixels",
        AutoencoderAttention.class,
        p -> new AutoencoderAttention(p, 4, 2)::forward,
        KEY_BIAS.asMatchPredicate(), // the softmax doesn't see what all keys share
        2,
        2,
        3,
        4);
  }

  private void addAutoencoder() {
    add(
        "tiny",
        Encoder.class,
        p -> new Encoder(p, TinyModels.autoencoder())::forward,
        KEY_BIAS.asMatchPredicate(),
        1,
        4,
        4,
        3);
    add(
        "tiny",
        Decoder.class,
        p -> new Decoder(p, TinyModels.autoencoder())::forward,
        KEY_BIAS.asMatchPredicate(),
        1,
        2,
        2,
        2);
    Tensor noise = draw(1, 2, 2, 2);
    add(
        "sampled and decoded, with divergence",
        AutoencoderKl.class,
        p -> {
          AutoencoderKl autoencoder = new AutoencoderKl(p, TinyModels.autoencoder());
          return image -> {
            AutoencoderKl.Posterior posterior = autoencoder.encode(image);
            return autoencoder
                .decode(posterior.sample(noise))
                .add(posterior.klDivergence().mul(0.1));
          };
        },
        KEY_BIAS.asMatchPredicate(),
        1,
        4,
        4,
        3);
  }

  private void addNetworks() {
    add("tiny", ClipVision.class, p -> new ClipVision(p, TinyModels.clip()), 2, 8, 8, 3);
    add(
        "all tokens",
        ClipVision.class,
        p -> new ClipVision(p, TinyModels.clip())::tokens,
        NONE,
        2,
        8,
        8,
        3);
    Parameters text = parameters();
    ClipText tower = new ClipText(text, TinyModels.clipText());
    add(
        "hidden and embedding",
        ClipText.class,
        text,
        Map.of(),
        () -> {
          // a text with something behind its end, and one that ends last
          ClipText.Encoding encoding = tower.forward(1, 6, 0, 0, 2, 3, 4, 5);
          return Tensor.concat(0, encoding.hidden().reshape(-1), encoding.embedding().reshape(-1));
        },
        NONE);
    for (ContextCase c : ContextCase.values()) {
      Parameters p = parameters();
      UNet unet = new UNet(p, TinyModels.unet());
      Tensor x = leaf(1, 4, 4, 4);
      Tensor context = leaf(1, c.tokens, 6);
      add(
          c.name(),
          UNet.class,
          p,
          Map.of("x", x, "context", context),
          () -> unet.forward(x, new long[] {421}, c.of(context)),
          c.tokens == 1
              ? name ->
                  (name.contains(".attn2.") && QUERIES_AND_KEYS.matcher(name).matches())
                      || name.contains(".norm2.")
              : NONE);
    }
    Parameters frozen = Parameters.initialized(backend, DType.FLOAT64, new TorchRandom(4));
    AutoencoderKl autoencoder = new AutoencoderKl(frozen.at("a"), TinyModels.autoencoder());
    ClipVision clip = new ClipVision(frozen.at("c"), TinyModels.clip());
    addConditioners(new ViewEncoder(autoencoder, clip, ClipPreprocess.Resizing.REFERENCE));
  }

  private void addConditioners(ViewEncoder encoder) {
    addConditioner("published", encoder, new ConditionerConfig.Zero123(), 1);
    addConditioner(
        "pooled",
        encoder,
        new ConditionerConfig.Stacked(
            List.of(Token.POOLED, Token.POSE, Token.FUSED, Token.CONSTANT)),
        1);
    addConditioner(
        "patches", encoder, new ConditionerConfig.Stacked(List.of(Token.PATCHES, Token.POSE)), 1);
    for (ConditionerConfig.Concat concat : ConditionerConfig.Concat.values()) {
      for (int views : List.of(1, 3)) {
        addConditioner(
            concat + " of " + views, encoder, new ConditionerConfig.MultiView(concat), views);
      }
    }
  }

  private void addConditioner(
      String name, ViewEncoder encoder, ConditionerConfig config, int views) {
    Parameters p = parameters();
    Conditioner conditioner = config.build(p, encoder, 6);
    Tensor embedding = leaf(2, views, encoder.tokens(conditioner.detail()), 5);
    Tensor latent = leaf(2, views, 2, 2, 2);
    Tensor pose = leaf(2, views, 4);
    add(
        name,
        conditioner.getClass(),
        p,
        Map.of("embedding", embedding, "latent", latent, "pose", pose),
        () -> {
          Conditioning c = conditioner.condition(new ConditionViews(embedding, latent, pose));
          return Tensor.concat(0, c.context().tokens().reshape(-1), c.concat().reshape(-1));
        },
        NONE);
  }

  /** A module of one input. */
  private void add(String name, Class<?> type, Function<Parameters, Module> build, int... dims) {
    // torch's in_proj_bias holds the keys' too, but its other two thirds have gradients
    add(name, type, build, NONE, dims);
  }

  private void add(
      String name,
      Class<?> type,
      Function<Parameters, Module> build,
      Predicate<String> zero,
      int... dims) {
    Parameters p = parameters();
    Module module = build.apply(p);
    Tensor x = leaf(dims);
    add(name, type, p, Map.of("x", x), () -> module.forward(x), zero);
  }

  private void add(
      String name,
      Class<?> type,
      Parameters p,
      Map<String, Tensor> inputs,
      Supplier<Tensor> f,
      Predicate<String> zero) {
    Map<String, Tensor> leaves = new LinkedHashMap<>(p.tensors());
    leaves.forEach(ModuleChecks::redraw);
    leaves.putAll(inputs);
    String[] expected = leaves.keySet().stream().filter(zero).toArray(String[]::new);
    checks.add(
        new ModuleCheck(
            type.getSimpleName() + ": " + name,
            type,
            GradCheck.of(f, leaves).step(STEP).directions(1).expectingZero(expected)));
  }

  private Parameters parameters() {
    return Parameters.initialized(backend, DType.FLOAT64, new TorchRandom(checks.size()));
  }

  /** Other values than a new network's, whose zeros would hide gradients. */
  private static void redraw(String name, Tensor leaf) {
    SplittableRandom random = new SplittableRandom(name.hashCode());
    int size = leaf.shape().size();
    int fanIn = Math.max(1, size / leaf.shape().dim(0));
    double centre = leaf.shape().rank() == 1 && name.endsWith("weight") ? 1 : 0;
    double spread = leaf.shape().rank() == 1 ? 0.3 : Math.sqrt(3.0 / fanIn);
    double[] values = random.doubles(size, centre - spread, centre + spread).toArray();
    leaf.backend().upload(values, leaf.buffer());
  }

  private Tensor leaf(int... dims) {
    return draw(dims).tracked();
  }

  private Tensor draw(int... dims) {
    Shape shape = Shape.of(dims);
    SplittableRandom random = new SplittableRandom(31 * checks.size() + shape.size());
    return Tensor.of(backend, DType.FLOAT64, shape, random.doubles(shape.size(), -1, 1).toArray());
  }
}
