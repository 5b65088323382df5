package dev.azimuth.diffusion.training;

import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.Conditioner;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.StoredParameters;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.diffusion.ViewEncoder;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.optim.AdamW;
import dev.azimuth.nn.optim.Ema;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Trains a Zero-1-to-3 from nothing: the autoencoder, then the image encoder, then noise prediction
 * with both frozen.
 *
 * <p>A run's folder holds its configuration, each finished stage's weights, the checkpoint of the
 * stage under way, the loss curves, and in {@code model/} the model as it stands. Killed at any
 * moment, a run resumed ends with the bits of one left alone.
 */
public final class TrainingRun {
  private static final String CONFIG = "training.json";
  private static final String AUTOENCODER = "autoencoder";
  private static final String IMAGE_ENCODER = "image_encoder";
  private static final String NOISE_PREDICTION = "noise_prediction";
  private static final String PROJECTION = "cc_projection";
  private static final String FIRST_STAGE = "first_stage_model";

  private final Backend backend;
  private final TrainingConfig config;
  private final TrainingViews views;
  private final Path folder;

  /**
   * Makes a folder ready for a run that goes on from a trained model: in it the first two stages
   * are finished, with the model's networks, and the third has done no step. A folder that holds a
   * run is left as it is.
   *
   * @param config of the run; its model is the one given
   * @param model that model's parameters
   * @throws dev.azimuth.nn.ParameterException if they aren't those that the configuration tells
   * @throws IOException if a file can't be read or written
   */
  public static void startFrom(
      ParameterSource model, Backend backend, TrainingConfig config, Path folder)
      throws IOException {
    if (Files.exists(folder.resolve(CONFIG))) {
      return;
    }
    Files.createDirectories(folder);
    Parameters autoencoder = Parameters.stored(backend, DType.FLOAT32, model);
    Parameters imageEncoder = Parameters.stored(backend, DType.FLOAT32, model);
    ViewEncoder encoder = encoder(autoencoder, imageEncoder, config.model());
    Parameters root = Parameters.trainable(backend, DType.FLOAT32, model);
    learned(root, config.model(), encoder);

    double decay = config.noisePrediction().emaDecay();
    Map<String, Tensor> average =
        decay == 0 ? Map.of() : new Ema(decay, true, root.tensors()).state();
    TrainingLoop.Stage third = new TrainingLoop.Stage(NOISE_PREDICTION, folder, config.seed());
    new TrainingState(root.tensors(), Map.of(), average, new double[0]).write(third.checkpoint());
    for (Map.Entry<String, Parameters> stage :
        List.of(Map.entry(AUTOENCODER, autoencoder), Map.entry(IMAGE_ENCODER, imageEncoder))) {
      StoredParameters.write(
          new TrainingLoop.Stage(stage.getKey(), folder, config.seed()).result(),
          stage.getValue().published(),
          ElementType.F32);
    }
  }

  /**
   * A run in a folder.
   *
   * @throws IOException if the folder holds another run, or this one and {@code resume} is false
   */
  public TrainingRun(
      Backend backend, TrainingConfig config, TrainingViews views, Path folder, boolean resume)
      throws IOException {
    if (views.objects() == 0) {
      throw new IllegalArgumentException("training: the data set has no objects");
    }
    this.backend = backend;
    this.config = config;
    this.views = views;
    this.folder = folder;
    Path stored = folder.resolve(CONFIG);
    if (!Files.exists(stored)) {
      Files.createDirectories(folder);
      Configuration.write(stored, config);
    } else if (!resume) {
      throw new IOException(folder + ": holds a training already; --resume continues it");
    } else if (!Configuration.read(stored, TrainingConfig.class).equals(config)) {
      throw new IOException(folder + ": its training.json differs from the configuration given");
    }
  }

  /**
   * Trains what isn't trained yet.
   *
   * @throws IOException if a file can't be read or written
   */
  public void run(StageListener listener) throws IOException {
    run(encode(detail(), listener), listener);
  }

  /**
   * Trains noise prediction, if it isn't trained yet, on what this or another run has encoded.
   *
   * @throws IllegalArgumentException if that run's frozen networks or pictures are others
   * @throws IOException if a file can't be read or written
   */
  public void run(EncodedSet data, StageListener listener) throws IOException {
    if (isFinished(NOISE_PREDICTION)) {
      return;
    }
    ModelConfig scaled = config.model().withScaleFactor(data.model().scaleFactor());
    ModelConfig theirs = data.model();
    if (!scaled.equals(theirs.withNoisePrediction(scaled)) || !data.holds(detail())) {
      throw new IllegalArgumentException(
          "training: the views were encoded by or for another model: " + folder);
    }
    requireViews(data.views());
    trainNoisePrediction(data, scaled, listener);
  }

  /**
   * Trains autoencoder and image encoder, if they aren't trained yet, and encodes all views.
   *
   * @param detail which image tokens to keep
   * @throws IOException if a file can't be read or written
   */
  public EncodedSet encode(ViewEncoder.Detail detail, StageListener listener) throws IOException {
    ModelConfig model = config.model();
    Batches batches = new Batches(backend, views, model.imageSize());
    Parameters autoencoder = trainAutoencoder(batches, listener);
    Parameters imageEncoder = trainImageEncoder(batches, listener);
    ViewEncoder encoder = encoder(autoencoder, imageEncoder, model);
    Map<String, ParameterSource.Stored> frozen = frozen(autoencoder, imageEncoder);
    return new EncodedSet(model, frozen, encoder, detail, batches, config.mirror(), listener);
  }

  private ViewEncoder.Detail detail() {
    return config.model().conditioner().detail();
  }

  private void requireViews(TrainingViews all) {
    int most = config.conditionViews().most();
    for (int object = 0; object < all.objects(); object++) {
      if (all.views(object) <= most) {
        throw new IllegalArgumentException(
            "condition_views: up to %d and a target need %d views; object %d of the set has %d"
                .formatted(most, most + 1, object, all.views(object)));
      }
    }
  }

  private Parameters trainAutoencoder(Batches batches, StageListener listener) throws IOException {
    if (!isFinished(AUTOENCODER)) {
      Parameters root = initialized(1);
      AutoencoderKl autoencoder =
          new AutoencoderKl(root.at(FIRST_STAGE), config.model().autoencoder());
      int batchSize = config.autoencoder().batchSize();
      Objective objective =
          new AutoencoderObjective(
              autoencoder, batches, batches.all(false), batchSize, config.klWeight());
      train(AUTOENCODER, config.autoencoder(), root, objective, listener);
    }
    return result(AUTOENCODER);
  }

  private Parameters trainImageEncoder(Batches batches, StageListener listener) throws IOException {
    if (!isFinished(IMAGE_ENCODER)) {
      Parameters root = initialized(2);
      ClipVision clip = clip(root, config.model());
      ClipPreprocess preprocess =
          new ClipPreprocess(clip.config().inputResolution(), config.model().clipResize());
      int batchSize = config.imageEncoder().batchSize();
      Objective objective =
          new ContrastiveObjective(
              clip, preprocess, batches, views, batchSize, config.temperature());
      train(IMAGE_ENCODER, config.imageEncoder(), root, objective, listener);
    }
    return result(IMAGE_ENCODER);
  }

  private void trainNoisePrediction(EncodedSet data, ModelConfig model, StageListener listener)
      throws IOException {
    Parameters root = initialized(3);
    Learned learned = learned(root, model, data.encoder());
    Objective objective =
        new NoiseObjective(
            learned.unet,
            learned.conditioner,
            new NoiseSchedule(model.schedule()),
            data,
            new NoiseObjective.Batch(
                config.noisePrediction().batchSize(),
                config.conditionViews(),
                config.timestepShift(),
                config.mirror()),
            backend);
    TrainingLoop loop =
        new TrainingLoop(
            stage(NOISE_PREDICTION), config.noisePrediction(), root, objective, groups(root));
    loop.run(listener, weights -> saveModel(model, data.frozen(), weights));
  }

  /** What the third stage trains. */
  private record Learned(UNet unet, Conditioner conditioner) {}

  private static Learned learned(Parameters root, ModelConfig model, ViewEncoder encoder) {
    return new Learned(
        new UNet(root.at("model").at("diffusion_model"), model.unet()),
        model.conditioner().build(root.at(PROJECTION), encoder, model.unet().contextDim()));
  }

  private static ViewEncoder encoder(
      Parameters autoencoder, Parameters imageEncoder, ModelConfig model) {
    return new ViewEncoder(
        new AutoencoderKl(autoencoder.at(FIRST_STAGE), model.autoencoder()),
        clip(imageEncoder, model),
        model.clipResize());
  }

  /** The UNet at the stage's learning rate and the projection at its own, as published. */
  private List<AdamW.Group> groups(Parameters root) {
    SequencedMap<String, Tensor> unet = new LinkedHashMap<>();
    SequencedMap<String, Tensor> projection = new LinkedHashMap<>();
    root.tensors()
        .forEach((name, x) -> (name.startsWith(PROJECTION) ? projection : unet).put(name, x));
    return List.of(
        new AdamW.Group(unet, 1),
        new AdamW.Group(projection, config.projectionLearningRateFactor()));
  }

  private void saveModel(
      ModelConfig model,
      Map<String, ParameterSource.Stored> frozen,
      Map<String, ParameterSource.Stored> trained)
      throws IOException {
    Map<String, ParameterSource.Stored> all = new LinkedHashMap<>(trained);
    all.putAll(frozen);
    Zero123.save(folder.resolve("model"), model, all, ElementType.F16);
  }

  private void train(
      String name,
      StageConfig stageConfig,
      Parameters root,
      Objective objective,
      StageListener listener)
      throws IOException {
    TrainingLoop loop = new TrainingLoop(stage(name), stageConfig, root, objective);
    loop.run(listener, _ -> {});
  }

  private TrainingLoop.Stage stage(String name) {
    return new TrainingLoop.Stage(name, folder, config.seed());
  }

  private Parameters initialized(long stage) {
    TorchRandom random = TorchRandom.stream(config.seed(), stage);
    return Parameters.initialized(backend, DType.FLOAT32, random);
  }

  private static ClipVision clip(Parameters root, ModelConfig model) {
    Parameters visual = root.at("cond_stage_model").at("model").at("visual");
    return new ClipVision(visual, model.clip());
  }

  private boolean isFinished(String name) {
    return Files.exists(stage(name).result());
  }

  private Parameters result(String name) throws IOException {
    Map<String, ParameterSource.Stored> stored = new LinkedHashMap<>();
    try (SafeTensors file = SafeTensors.open(stage(name).result())) {
      StoredParameters source = new StoredParameters(file, "");
      for (String parameter : source.names()) {
        stored.put(
            parameter,
            new ParameterSource.Stored(source.shape(parameter), source.values(parameter)));
      }
    }
    return Parameters.stored(backend, DType.FLOAT32, ParameterSource.of(stored));
  }

  private static Map<String, ParameterSource.Stored> frozen(Parameters... roots) {
    Map<String, ParameterSource.Stored> all = new LinkedHashMap<>();
    for (Parameters root : roots) {
      root.requireComplete();
      all.putAll(root.published());
    }
    return all;
  }
}
