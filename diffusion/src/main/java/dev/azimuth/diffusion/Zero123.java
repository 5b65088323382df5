package dev.azimuth.diffusion;

import dev.azimuth.diffusion.checkpoint.Checkpoint;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/**
 * Zero-1-to-3 (Liu et al. 2023): a picture of an object and a camera's move to the picture from
 * there.
 *
 * <p>Parameters are named as in the published checkpoints: {@code model.diffusion_model}, {@code
 * first_stage_model}, {@code cond_stage_model.model.visual}, {@code cc_projection}.
 */
public final class Zero123 {
  private static final String CONFIG = "config.json";
  private static final String WEIGHTS = "model.safetensors";

  private final Backend backend;
  private final ModelConfig config;
  private final NoiseSchedule schedule;
  private final UNet unet;
  private final AutoencoderKl autoencoder;
  private final Conditioner conditioner;

  /** The networks of a model for inference, from stored parameters, strictly. */
  public Zero123(Backend backend, ModelConfig config, ParameterSource source) {
    this(backend, config, source, Parameters.Storage.FLOAT32);
  }

  /** The same, with weights that rest in memory as told. */
  public Zero123(
      Backend backend, ModelConfig config, ParameterSource source, Parameters.Storage storage) {
    this(Parameters.stored(backend, storage, source), config);
  }

  private Zero123(Parameters root, ModelConfig config) {
    this.backend = root.backend();
    this.config = config;
    this.schedule = new NoiseSchedule(config.schedule());
    this.unet = new UNet(root.at("model").at("diffusion_model"), config.unet());
    this.autoencoder = new AutoencoderKl(root.at("first_stage_model"), config.autoencoder());
    ClipVision clip =
        new ClipVision(root.at("cond_stage_model").at("model").at("visual"), config.clip());
    this.conditioner =
        config
            .conditioner()
            .build(
                root.at("cc_projection"),
                new ViewEncoder(autoencoder, clip, config.clipResize()),
                config.unet().contextDim());
    root.requireComplete();
  }

  /** The name and published shape of every parameter that a model of this configuration has. */
  public static SequencedMap<String, Shape> parameterShapes(ModelConfig config) {
    Parameters root = Parameters.outlined();
    new Zero123(root, config);
    return root.shapes();
  }

  /**
   * A model from its folder, a diffusers folder, a {@code .ckpt} or a {@code .safetensors}, as the
   * reference would open it; {@link Checkpoint} takes choices.
   *
   * @throws IOException if a file is missing, unreadable, malformed or doesn't fit the
   *     configuration
   */
  public static Zero123 open(Backend backend, Path path) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      return checkpoint.load(backend, Parameters.Storage.FLOAT32);
    }
  }

  /** Writes a model's folder; the weights are stored in {@code type}. */
  public static void save(
      Path folder,
      ModelConfig config,
      Map<String, ParameterSource.Stored> parameters,
      ElementType type)
      throws IOException {
    Files.createDirectories(folder);
    StoredParameters.write(folder.resolve(WEIGHTS), parameters, type);
    Configuration.write(folder.resolve(CONFIG), config);
  }

  /** The configuration it was built from. */
  public ModelConfig config() {
    return config;
  }

  /** Where it computes. */
  public Backend backend() {
    return backend;
  }

  /** Its noise-prediction network. */
  public UNet unet() {
    return unet;
  }

  /** Its autoencoder. */
  public AutoencoderKl autoencoder() {
    return autoencoder;
  }

  /** Its conditioner. */
  public Conditioner conditioner() {
    return conditioner;
  }

  /**
   * New views of an object by one picture each: {@link #synthesizeFromViews} with n = 1.
   *
   * @param image the condition views [B, imageSize, imageSize, 3] in [-1, 1]
   * @param pose the moves T = [Δθ, sin Δφ, cos Δφ, Δr] [B, 4], radians and world units
   */
  public Tensor synthesize(
      Tensor image,
      Tensor pose,
      Sampling sampling,
      long[] seeds,
      BiConsumer<Integer, Integer> progress) {
    int size = config.imageSize();
    Check.shape("synthesize", "image", image, seeds.length, size, size, 3);
    Check.shape("synthesize", "pose", pose, seeds.length, 4);
    return synthesizeFromViews(
        image.reshape(seeds.length, 1, size, size, 3),
        pose.reshape(seeds.length, 1, 4),
        sampling,
        seeds,
        progress);
  }

  /**
   * New views of an object, one for each row of {@code pose}. A conditioner that takes one view
   * sees several one by one, and the noise it then predicts is averaged ({@link ViewAverage}).
   *
   * <p>Sample i starts from the noise of {@code torch.manual_seed(seeds[i]); torch.randn(z, h, w)},
   * and takes the noise of its steps from the same generator: a sample doesn't depend on its batch.
   *
   * @param image the condition views [B, n, imageSize, imageSize, 3] in [-1, 1]
   * @param pose the moves from each to the new view, T = [Δθ, sin Δφ, cos Δφ, Δr] [B, n, 4]
   * @param seeds one per sample
   * @param progress told the steps done and their number
   * @return the views [B, imageSize, imageSize, 3] in [-1, 1], clamped
   */
  public Tensor synthesizeFromViews(
      Tensor image,
      Tensor pose,
      Sampling sampling,
      long[] seeds,
      BiConsumer<Integer, Integer> progress) {
    int size = config.imageSize();
    Check.shape("synthesize", "image", image, seeds.length, -1, size, size, 3);
    Check.shape("synthesize", "pose", pose, seeds.length, image.shape().dim(1), 4);
    ConditionViews views = conditioner.encoder().encode(image, pose, conditioner.detail());
    NoisePredictor predictor =
        NoisePredictor.of(config.predictionType(), guided(views, sampling.scale()), schedule);
    DdimSchedule steps =
        DdimSchedule.of(schedule, sampling.rule(), sampling.steps(), sampling.eta());
    TorchRandom[] generators = new TorchRandom[seeds.length];
    for (int i = 0; i < seeds.length; i++) {
      generators[i] = new TorchRandom(seeds[i]);
    }
    Tensor x = noise(generators);
    Tensor z =
        new DdimSampler(steps)
            .sample(
                x,
                predictor,
                (_, _) -> noise(generators),
                (k, _, _) -> progress.accept(k + 1, steps.steps().size()));
    return autoencoder.decode(z.mul(1 / config.scaleFactor())).clamp(-1, 1);
  }

  private NoisePredictor guided(ConditionViews views, double scale) {
    if (views.count() == 1 || conditioner.takesManyViews()) {
      Conditioning conditioning = conditioner.condition(views);
      return NoisePredictor.guided(unet, conditioning, conditioning.unconditional(), scale);
    }
    List<NoisePredictor> single =
        IntStream.range(0, views.count()).mapToObj(i -> guided(views.view(i), scale)).toList();
    return ViewAverage.of(single, views.angles());
  }

  /** One draw of each generator in the published order [z, h, w], as [B, h, w, z]. */
  private Tensor noise(TorchRandom[] generators) {
    int size = config.latentSize();
    int z = config.autoencoder().embedDim();
    float[] values = new float[generators.length * z * size * size];
    for (int n = 0; n < generators.length; n++) {
      float[] drawn = generators[n].randn(z * size * size);
      System.arraycopy(drawn, 0, values, n * drawn.length, drawn.length);
    }
    return Tensor.of(backend, Shape.of(generators.length, z, size, size), values)
        .permute(0, 2, 3, 1);
  }
}
