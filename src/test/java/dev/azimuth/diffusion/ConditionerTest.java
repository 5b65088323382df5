package dev.azimuth.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.diffusion.ConditionerConfig.Concat;
import dev.azimuth.diffusion.ConditionerConfig.MultiView;
import dev.azimuth.diffusion.ConditionerConfig.Stacked;
import dev.azimuth.diffusion.ConditionerConfig.Token;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the conditioners have in common, and what tells them apart. */
class ConditionerTest {
  private static final int WIDTH = 6;
  private static final ConditionerConfig PUBLISHED = new ConditionerConfig.Zero123();
  private static final ConditionerConfig ATTENDED = new Stacked(List.of(Token.FUSED));
  private static final ConditionerConfig POOLED = new Stacked(List.of(Token.POOLED, Token.POSE));

  // the tolerance of two float64 computations of the same real number through a UNet of a few
  // hundred layers' sums: eps 1.1e-16 times some thousand roundings, over outputs about 1
  private static final double ROUNDING = 1e-12;

  private final Backend cpu = CpuBackend.scalar(2);

  @AfterEach
  void close() {
    cpu.close();
  }

  /** Random values for all parameters of the learned half, none of them zero. */
  private Map<String, ParameterSource.Stored> weights(ConditionerConfig config) {
    Parameters root = Parameters.outlined();
    learned(root, config);
    Map<String, ParameterSource.Stored> weights = new LinkedHashMap<>();
    root.shapes()
        .forEach(
            (name, shape) -> {
              float[] values = new TorchRandom(name.hashCode()).randn(shape.size());
              for (int i = 0; i < values.length; i++) {
                values[i] *= 0.3f;
              }
              weights.put(name, new ParameterSource.Stored(shape, values));
            });
    return weights;
  }

  private record Learned(UNet unet, Conditioner conditioner) {
    Tensor predict(ConditionViews views, Tensor x) {
      return NoisePredictor.of(unet, conditioner.condition(views)).predict(x, 321);
    }
  }

  private Learned learned(Parameters root, ConditionerConfig config) {
    UNet unet = new UNet(root.at("model").at("diffusion_model"), TinyModels.unet());
    return new Learned(unet, config.build(root.at("cc_projection"), encoder(), WIDTH));
  }

  private Learned learned(ConditionerConfig config, Map<String, ParameterSource.Stored> weights) {
    Parameters root = Parameters.stored(cpu, DType.FLOAT64, ParameterSource.of(weights));
    Learned learned = learned(root, config);
    root.requireComplete();
    return learned;
  }

  private ViewEncoder encoder() {
    Parameters frozen = Parameters.initialized(cpu, DType.FLOAT64, new TorchRandom(4));
    return new ViewEncoder(
        new AutoencoderKl(frozen.at("a"), TinyModels.autoencoder()),
        new ClipVision(frozen.at("c"), TinyModels.clip()),
        ClipPreprocess.Resizing.REFERENCE);
  }

  private Tensor draw(int seed, int... dims) {
    Shape shape = Shape.of(dims);
    return Tensor.of(cpu, DType.FLOAT64, shape, new TorchRandom(seed).randnDouble(shape.size()));
  }

  private ConditionViews views(int count) {
    return new ConditionViews(
        draw(1, 2, count, 1, 5), draw(2, 2, count, 4, 4, 2), draw(3, 2, count, 4));
  }

  private Tensor noisy() {
    return draw(9, 2, 4, 4, 2);
  }

  /** A move that starts unheard stays so: in a new model it is as loud as the picture. */
  @Test
  void aNewModelHearsTheMove() {
    for (ConditionerConfig config : List.of(PUBLISHED, POOLED, new MultiView(Concat.NEAREST))) {
      Parameters root = Parameters.initialized(cpu, DType.FLOAT64, new TorchRandom(5));
      Conditioner conditioner = config.build(root.at("cc_projection"), encoder(), 64);
      ConditionViews here = views(1);
      Tensor other = draw(8, 2, 1, 4);
      Tensor tokens = conditioner.condition(here).context().tokens();
      double byMove =
          distance(
              tokens,
              conditioner
                  .condition(new ConditionViews(here.embedding(), here.latent(), other))
                  .context()
                  .tokens());
      double byPicture =
          distance(
              tokens,
              conditioner
                  .condition(new ConditionViews(draw(7, 2, 1, 1, 5), here.latent(), here.pose()))
                  .context()
                  .tokens());
      assertTrue(byMove > byPicture, config + ": " + byMove + " and " + byPicture);
    }
  }

  private static double distance(Tensor a, Tensor b) {
    return Math.sqrt(a.sub(b).square().sum().item());
  }

  /** The same model, its weights split: the step-0 identity, exact but for rounding. */
  @Test
  void stackedOfPublishedWeightsGivesThePublishedOutput() {
    Map<String, ParameterSource.Stored> published = weights(PUBLISHED);
    double[] one = learned(PUBLISHED, published).predict(views(1), noisy()).toDoubles();
    Map<String, ParameterSource.Stored> split = split(published);
    double[] two = learned(POOLED, split).predict(views(1), noisy()).toDoubles();
    assertArrayEquals(one, two, ROUNDING);
    // without the doubling, or with the keys as they were, it is another model
    for (String broken : List.of("cc_projection.image.weight", "to_k")) {
      Map<String, ParameterSource.Stored> other = new LinkedHashMap<>(split);
      other.replaceAll(
          (name, stored) ->
              name.contains(broken) ? published.getOrDefault(name, zeros(stored)) : stored);
      double[] three = learned(POOLED, other).predict(views(1), noisy()).toDoubles();
      assertTrue(largestDifference(one, three) > 1e-3, broken);
    }
  }

  private static Map<String, ParameterSource.Stored> split(
      Map<String, ParameterSource.Stored> published) {
    ParameterSource source = StackedConditioner.ofPublished(ParameterSource.of(published));
    Map<String, ParameterSource.Stored> split = new LinkedHashMap<>();
    for (String name : source.names()) {
      split.put(name, new ParameterSource.Stored(source.shape(name), source.values(name)));
    }
    return split;
  }

  private static ParameterSource.Stored zeros(ParameterSource.Stored like) {
    return new ParameterSource.Stored(like.shape(), new float[like.values().length]);
  }

  private static double largestDifference(double[] a, double[] b) {
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
    }
    return largest;
  }

  /** Where the split weights start, the keys can leave: on two tokens nothing is dead. */
  @Test
  void keysThatStartAtZeroHaveAGradient() {
    Map<String, ParameterSource.Stored> split = split(weights(PUBLISHED));
    Parameters root = Parameters.trainable(cpu, DType.FLOAT64, ParameterSource.of(split));
    Tensor loss = learned(root, POOLED).predict(views(1), noisy()).square().mean();
    Map<String, Tensor> gradients = Gradients.of(loss).named(root.tensors());
    int keys = 0;
    for (Map.Entry<String, Tensor> gradient : gradients.entrySet()) {
      if (gradient.getKey().endsWith("attn2.to_k.weight")) {
        keys++;
        double largest =
            Arrays.stream(gradient.getValue().toDoubles()).map(Math::abs).max().orElseThrow();
        assertTrue(largest > 1e-9, gradient.getKey());
      }
    }
    assertEquals(
        root.tensors().keySet().stream().filter(n -> n.endsWith("attn2.to_k.weight")).count(),
        keys);
  }

  @Test
  void publishedTokenThroughAttentionGivesTheSameBits() {
    Map<String, ParameterSource.Stored> weights = weights(PUBLISHED);
    assertArrayEquals(
        learned(PUBLISHED, weights).predict(views(1), noisy()).toDoubles(),
        learned(ATTENDED, weights).predict(views(1), noisy()).toDoubles());
  }

  @Test
  void oneViewOfManyIsThePublishedModelToTheBit() {
    Map<String, ParameterSource.Stored> weights = weights(PUBLISHED);
    double[] expected = learned(PUBLISHED, weights).predict(views(1), noisy()).toDoubles();
    for (Concat concat : Concat.values()) {
      assertArrayEquals(
          expected, learned(new MultiView(concat), weights).predict(views(1), noisy()).toDoubles());
    }
  }

  @Test
  void theOrderOfViewsChangesNothingButRounding() {
    Map<String, ParameterSource.Stored> weights = weights(PUBLISHED);
    ConditionViews views = views(4);
    int[] order = {2, 0, 3, 1};
    ConditionViews permuted =
        new ConditionViews(
            permute(views.embedding(), order),
            permute(views.latent(), order),
            permute(views.pose(), order));
    for (Concat concat : Concat.values()) {
      Learned learned = learned(new MultiView(concat), weights);
      double[] one = learned.predict(views, noisy()).toDoubles();
      double[] other = learned.predict(permuted, noisy()).toDoubles();
      assertArrayEquals(one, other, ROUNDING);
      double[] fewer = learned.predict(views.view(0), noisy()).toDoubles();
      assertTrue(largestDifference(one, fewer) > 1e-3, "other views are another condition");
    }
  }

  private static Tensor permute(Tensor x, int... order) {
    return Tensor.concat(
        1, Arrays.stream(order).mapToObj(i -> x.slice(1, i, i + 1)).toArray(Tensor[]::new));
  }

  @Test
  void theLatentBesideIsTheNearestViewsInAnyOrder() {
    // both 30° away: the tie is broken by the move, not by the order
    double a = Math.toRadians(30);
    double[] left = {0, Math.sin(-a), Math.cos(-a), 0};
    double[] right = {0, Math.sin(a), Math.cos(a), 0};
    double[] behind = {0.1, 0, -1, 0};
    List<double[]> moves = new ArrayList<>(List.of(behind, left, right));
    for (int turn = 0; turn < 3; turn++) {
      double[] pose = moves.stream().flatMapToDouble(Arrays::stream).toArray();
      Tensor latent =
          Tensor.of(
              cpu,
              DType.FLOAT64,
              Shape.of(1, 3, 1, 1, 1),
              moves.stream().mapToDouble(m -> 10 * m[1]).toArray());
      ConditionViews views =
          new ConditionViews(
              draw(1, 1, 3, 1, 5), latent, Tensor.of(cpu, DType.FLOAT64, Shape.of(1, 3, 4), pose));
      Map<String, ParameterSource.Stored> weights = weights(PUBLISHED);
      assertEquals(
          10 * Math.sin(a),
          learned(new MultiView(Concat.NEAREST), weights)
              .conditioner
              .condition(views)
              .concat()
              .item(),
          0);
      assertEquals(
          0,
          learned(new MultiView(Concat.MEAN), weights).conditioner.condition(views).concat().item(),
          1e-15);
      moves.add(moves.remove(0));
    }
  }

  @Test
  void aConditionerOfOneViewRefusesTwo() {
    for (ConditionerConfig config : List.of(PUBLISHED, POOLED, ATTENDED)) {
      Conditioner conditioner = learned(config, weights(config)).conditioner;
      assertFalse(conditioner.takesManyViews());
      assertThrows(ShapeException.class, () -> conditioner.condition(views(2)));
    }
  }

  @Test
  void theConstantTokenDependsOnNothing() {
    ConditionerConfig config = new Stacked(List.of(Token.FUSED, Token.CONSTANT));
    Conditioner conditioner = learned(config, weights(config)).conditioner;
    Tensor tokens = conditioner.condition(views(1)).context().tokens();
    assertEquals(Shape.of(2, 2, WIDTH), tokens.shape());
    double[] constant = tokens.slice(1, 1, 2).toDoubles();
    assertArrayEquals(
        Arrays.copyOfRange(constant, 0, WIDTH), Arrays.copyOfRange(constant, WIDTH, 2 * WIDTH));
    double[] fused = tokens.slice(1, 0, 1).toDoubles();
    assertFalse(
        Arrays.equals(
            Arrays.copyOfRange(fused, 0, WIDTH), Arrays.copyOfRange(fused, WIDTH, 2 * WIDTH)));
  }

  @Test
  void withoutPoseTheMoveIsNotSeen() {
    ConditionerConfig config = new Stacked(List.of(Token.POOLED));
    Learned learned = learned(config, weights(config));
    ConditionViews views = views(1);
    ConditionViews moved = new ConditionViews(views.embedding(), views.latent(), draw(77, 2, 1, 4));
    assertArrayEquals(
        learned.predict(views, noisy()).toDoubles(), learned.predict(moved, noisy()).toDoubles());
  }

  @Test
  void aNearViewWeighsMoreInTheAverage() {
    double[] weights = ViewAverage.weights(0.5, 1, 0.5);
    assertArrayEquals(new double[] {0.4, 0.2, 0.4}, weights, 1e-15);
    assertArrayEquals(new double[] {1, 0}, ViewAverage.weights(0, 3), 0); // capped, and dropped
    assertArrayEquals(new double[] {0.5, 0.5}, ViewAverage.weights(0, 0.005), 1e-15);
  }

  @Test
  void theAverageOfPredictorsIsWeighedSampleBySample() {
    NoisePredictor one = (x, _) -> x.mul(0).add(1);
    NoisePredictor four = (x, _) -> x.mul(0).add(4);
    double[][] angles = {{0.5, 1}, {1, 1}};
    double[] mean =
        ViewAverage.of(List.of(one, four), angles).predict(draw(1, 2, 1, 1, 1), 5).toDoubles();
    assertArrayEquals(new double[] {2, 2.5}, mean, 1e-15);
  }

  @Test
  void configurationsComeBackAsTheyWere() {
    for (ConditionerConfig config :
        List.of(PUBLISHED, POOLED, ATTENDED, new MultiView(Concat.MEAN))) {
      String json = Configuration.format(config);
      assertEquals(config, Configuration.parse(json, ConditionerConfig.class), json);
    }
    for (String bad :
        List.of(
            "\"STACKED\"",
            "{\"kind\": \"STACKED\", \"tokens\": [\"POOLED\", \"POOLED\"]}",
            "{\"kind\": \"STACKED\", \"tokens\": [\"POOLED\", \"PATCHES\"]}",
            "{\"kind\": \"STACKED\", \"tokens\": [\"IMAGE\"]}",
            "{\"kind\": \"STACKED\", \"tokens\": [\"POSE\"], \"width\": 3}",
            "{\"kind\": \"MULTI_VIEW\"}",
            "{\"kind\": \"SINGLE\"}",
            "7")) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> Configuration.parse(bad, ConditionerConfig.class));
      assertTrue(String.valueOf(refused.getMessage()).contains("conditioner"), bad);
    }
  }
}
