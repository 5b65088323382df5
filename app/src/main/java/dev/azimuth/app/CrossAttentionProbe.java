package dev.azimuth.app;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.diffusion.Conditioning;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.diffusion.checkpoint.Checkpoint;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks at a model's cross-attention: forward on whole latents, where entropy and time are taken,
 * and backward on a part of each latent, which is as good for what has no gradient at all, and fits
 * the published size into memory: first the model's networks are there, then its UNet with
 * gradients.
 */
final class CrossAttentionProbe {
  private static final String UNET = "model.diffusion_model.";
  private static final int TIMINGS = 5;

  private final AttentionProbe backend;
  private final Checkpoint checkpoint;
  private final ModelConfig config;
  private final Map<String, Shape> shapes = new LinkedHashMap<>();
  private final long seed;

  /** A condition view and its target [size, size, 3] in [-1, 1], and the move between them. */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  record Views(float[] condition, float[] target, double[] pose) {}

  /** What the UNet is shown of one pair: the noised latent and what is predicted of it. */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  private record Shown(
      int size, int tokens, float[] input, float[] context, float[] expected, int timestep) {}

  CrossAttentionProbe(Backend backend, Checkpoint checkpoint, long seed) {
    this.backend = new AttentionProbe(backend);
    this.checkpoint = checkpoint;
    this.config = checkpoint.config();
    this.seed = seed;
    ParameterSource parameters = checkpoint.parameters();
    Zero123.parameterShapes(config).keySet().stream()
        .filter(name -> name.startsWith(UNET))
        .forEach(name -> shapes.put(name.substring(UNET.length()), parameters.shape(name)));
  }

  /** Diagnoses it on pairs of views. */
  Diagnosis diagnose(List<Views> pairs, Progress progress) {
    List<String> blocks = Diagnosis.blocks(shapes);
    List<Shown> shown = new ArrayList<>();
    List<List<AttentionProbe.Seen>> seen = new ArrayList<>();
    Diagnosis.Savings savings = forward(pairs, shown, seen, progress);
    Map<String, double[]> squares = new LinkedHashMap<>();
    shapes.keySet().forEach(name -> squares.put(name, new double[1]));
    backward(shown, squares, pairs.size(), progress);
    List<Diagnosis.Layer> layers = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      int number = i;
      AttentionProbe.Seen first = seen.get(0).get(i);
      layers.add(
          new Diagnosis.Layer(
              blocks.get(i),
              first.queries(),
              first.tokens(),
              seen.stream().mapToDouble(s -> s.get(number).entropy()).average().orElseThrow(),
              length(squares, blocks.get(i) + ".attn2.to_q.weight", pairs.size()),
              length(squares, blocks.get(i) + ".attn2.to_k.weight", pairs.size())));
    }
    Map<String, Integer> dead = new LinkedHashMap<>();
    squares.forEach(
        (name, sum) -> {
          if (sum[0] == 0) {
            dead.put(name, shape(name).size());
          }
        });
    return new Diagnosis(
        checkpoint.files().path().toString(),
        String.valueOf(config.conditioner().json()),
        shown.get(0).tokens,
        pairs.size(),
        layers,
        dead,
        null,
        savings);
  }

  private Shape shape(String name) {
    return shapes.getOrDefault(name, Shape.of());
  }

  private static double length(Map<String, double[]> squares, String name, int probes) {
    double[] sum = squares.getOrDefault(name, new double[] {Double.NaN});
    return Math.sqrt(sum[0] / probes);
  }

  /** What each pair shows the UNet, how it attends to that, and how long that takes. */
  private Diagnosis.@Nullable Savings forward(
      List<Views> pairs,
      List<Shown> shown,
      List<List<AttentionProbe.Seen>> seen,
      Progress progress) {
    Zero123 model = checkpoint.load(backend, Parameters.Storage.FLOAT32);
    NoiseSchedule schedule = new NoiseSchedule(config.schedule());
    int size = config.imageSize();
    for (int i = 0; i < pairs.size(); i++) {
      Views views = pairs.get(i);
      Tensor image = Poses.images(backend, List.of(views.condition), size);
      Conditioning conditioning =
          model.conditioner().condition(image, Poses.tensor(backend, List.of(views.pose)));
      Tensor target = Poses.images(backend, List.of(views.target), size);
      Tensor z = model.autoencoder().encode(target).mean().mul(config.scaleFactor());
      int timestep = (int) ((i + 0.5) / pairs.size() * config.schedule().timesteps());
      Tensor noise =
          Tensor.of(backend, z.shape(), TorchRandom.stream(seed, i).randn(z.shape().size()));
      double alpha = schedule.alphasCumprodExact(timestep);
      Tensor x = z.mul(Math.sqrt(alpha)).add(noise.mul(Math.sqrt(1 - alpha)));
      Tensor expected =
          switch (config.predictionType()) {
            case EPSILON -> noise;
            case V_PREDICTION -> noise.mul(Math.sqrt(alpha)).sub(z.mul(Math.sqrt(1 - alpha)));
          };
      Tensor input = Tensor.concat(3, x, conditioning.concat());
      Tensor tokens = conditioning.context().tokens();
      Context attending = new Context.Tokens(tokens);
      List<AttentionProbe.Seen> all =
          backend.watch(() -> model.unet().forward(input, new long[] {timestep}, attending));
      // a block attends to itself first, then to the context
      List<AttentionProbe.Seen> cross = new ArrayList<>();
      for (int j = 1; j < all.size(); j += 2) {
        cross.add(all.get(j));
      }
      seen.add(cross);
      int part = Math.min(config.latentSize(), 2 << (config.unet().levels() - 1));
      shown.add(
          new Shown(
              part,
              tokens.shape().dim(1),
              part(input, part).toFloats(),
              tokens.toFloats(),
              part(expected, part).toFloats(),
              timestep));
      progress.to(i + 1);
      if (i == pairs.size() - 1 && tokens.shape().dim(1) == 1) {
        return savings(model.unet(), input, timestep, tokens, cross);
      }
    }
    return null;
  }

  /** The upper left of a map. */
  private static Tensor part(Tensor map, int size) {
    return map.slice(1, 0, size).slice(2, 0, size);
  }

  private Diagnosis.Savings savings(
      UNet unet, Tensor input, int timestep, Tensor token, List<AttentionProbe.Seen> cross) {
    double[] attending = new double[TIMINGS];
    double[] collapsed = new double[TIMINGS];
    for (int i = 0; i < TIMINGS; i++) {
      attending[i] = seconds(unet, input, timestep, new Context.Tokens(token));
      collapsed[i] = seconds(unet, input, timestep, new Context.SingleToken(token));
    }
    long with = 0;
    long without = 0;
    List<String> blocks = Diagnosis.blocks(shapes);
    for (int i = 0; i < blocks.size(); i++) {
      Shape query = shape(blocks.get(i) + ".attn2.to_q.weight");
      long inner = query.dim(0);
      long width = query.dim(1);
      long context = shape(blocks.get(i) + ".attn2.to_k.weight").dim(1);
      long n = cross.get(i).queries();
      // q, scores, weighted sum and out of every position; k and v of the token
      with += n * inner * (width + 1 + 1 + width) + 2 * inner * context;
      without += inner * context + inner * width;
    }
    Arrays.sort(attending);
    Arrays.sort(collapsed);
    return new Diagnosis.Savings(with, without, attending[TIMINGS / 2], collapsed[TIMINGS / 2]);
  }

  private double seconds(UNet unet, Tensor input, int timestep, Context context) {
    long begin = System.nanoTime();
    unet.forward(input, new long[] {timestep}, context);
    backend.synchronize();
    return (System.nanoTime() - begin) / 1e9;
  }

  /** Adds up each parameter's squared gradients, by the path that attends. */
  private void backward(
      List<Shown> shown, Map<String, double[]> squares, int done, Progress progress) {
    Parameters root = Parameters.trainable(backend, DType.FLOAT32, new UNetSource());
    UNet unet = new UNet(root, config.unet());
    root.requireComplete();
    for (int i = 0; i < shown.size(); i++) {
      Shown pair = shown.get(i);
      int channels = config.unet().inChannels();
      Tensor input = Tensor.of(backend, Shape.of(1, pair.size, pair.size, channels), pair.input);
      Tensor tokens =
          Tensor.of(backend, Shape.of(1, pair.tokens, config.unet().contextDim()), pair.context);
      Tensor made = unet.forward(input, new long[] {pair.timestep}, new Context.Tokens(tokens));
      Tensor loss = made.sub(Tensor.of(backend, made.shape(), pair.expected)).square().mean();
      Gradients gradients = Gradients.of(loss);
      root.tensors()
          .forEach(
              (name, leaf) ->
                  gradients
                      .find(leaf)
                      .ifPresent(
                          gradient -> {
                            double[] sum = squares.getOrDefault(name, new double[1]);
                            for (float value : gradient.toFloats()) {
                              sum[0] += (double) value * value;
                            }
                          }));
      progress.to(done + i + 1);
    }
  }

  /** The UNet's parameters under its own names. */
  private final class UNetSource implements ParameterSource {
    @Override
    public Set<String> names() {
      return new LinkedHashSet<>(shapes.keySet());
    }

    @Override
    public Shape shape(String name) {
      return checkpoint.parameters().shape(UNET + name);
    }

    @Override
    public float[] values(String name) {
      return checkpoint.parameters().values(UNET + name);
    }
  }

  /** How far queries and keys are what weight decay alone leaves of a start's. */
  static Diagnosis.Decay decay(ParameterSource now, ParameterSource start, Set<String> names) {
    Fit dead = new Fit();
    Fit live = new Fit();
    for (String name : names) {
      boolean isDead = Diagnosis.isQueryOrKey(name);
      if (isDead || name.endsWith(".attn2.to_v.weight")) {
        if (!start.names().contains(name) || !start.shape(name).equals(now.shape(name))) {
          throw new IllegalArgumentException(
              "--start: has no " + name + " " + now.shape(name) + "; it is of another model");
        }
        (isDead ? dead : live).add(now.values(name), start.values(name));
      }
    }
    // ln(1 - lr wd) with the published learning rate and decay
    double steps = Math.log(dead.factor()) / Math.log1p(-1e-4 * 0.01);
    return new Diagnosis.Decay(dead.factor(), dead.residual(), live.residual(), steps);
  }

  /** Least squares of w = f w₀. */
  private static final class Fit {
    private double ww;
    private double wv;
    private double vv;

    void add(float[] w, float[] start) {
      for (int i = 0; i < w.length; i++) {
        ww += (double) w[i] * w[i];
        wv += (double) w[i] * start[i];
        vv += (double) start[i] * start[i];
      }
    }

    double factor() {
      return wv / vv;
    }

    double residual() {
      return Math.sqrt(Math.max(0, ww - wv * wv / vv) / ww);
    }
  }
}
