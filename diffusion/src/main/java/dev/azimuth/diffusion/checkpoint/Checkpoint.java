package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.ConditionerConfig;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.diffusion.SeededParameters;
import dev.azimuth.diffusion.StackedConditioner;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.nn.ParameterException;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A stored model in any layout: its configuration, and its parameters under the reference's names.
 *
 * <p>Opening is strict: every parameter must be there in its shape, and nothing else but what is
 * known to lie beside; one error lists all the differences. It reads no parameter.
 */
public final class Checkpoint implements AutoCloseable {
  /** The string that holds a model's configuration in the single files that are written here. */
  static final String CONFIG_KEY = "azimuth_config";

  private final ModelFiles files;
  private final CheckpointLayout layout;
  private final ModelConfig config;
  private final ParameterSource parameters;
  private final boolean isAverage;
  private final List<String> notes;

  /**
   * What the user chooses.
   *
   * @param isAveraged whether the UNet's moving average is read where a file has one, as the
   *     reference does it, or its raw parameters
   * @param config a configuration in place of the stored or inferred one
   * @param pose how moves are encoded, if not as the configuration says; no file tells Stable
   *     Zero123 from Zero-1-to-3
   */
  public record Options(boolean isAveraged, @Nullable Path config, @Nullable PoseEncoding pose) {
    /** As the reference infers. */
    public static final Options DEFAULT = new Options(true, null, null);
  }

  private Checkpoint(
      ModelFiles files,
      CheckpointLayout layout,
      ModelConfig config,
      ParameterSource parameters,
      boolean isAverage,
      List<String> notes) {
    this.files = files;
    this.layout = layout;
    this.config = config;
    this.parameters = parameters;
    this.isAverage = isAverage;
    this.notes = List.copyOf(notes);
  }

  /**
   * Opens a model's folder, a diffusers folder, a {@code .ckpt} or a {@code .safetensors}.
   *
   * @throws IOException if a file is missing, unreadable or malformed, or doesn't fit the
   *     configuration
   */
  public static Checkpoint open(Path path, Options options) throws IOException {
    ModelFiles files = ModelFiles.open(path);
    try {
      return new Opening(files, options).checkpoint();
    } catch (IOException | RuntimeException | Error e) {
      files.close();
      throw e;
    }
  }

  /** Opens one as the reference would. */
  public static Checkpoint open(Path path) throws IOException {
    return open(path, Options.DEFAULT);
  }

  /**
   * The same files as a model that stacks image and pose and gives the same output ({@link
   * StackedConditioner#ofPublished}). Only Azimuth's own folder has a place for its weights.
   *
   * @throws IllegalArgumentException if it isn't conditioned as published
   */
  public Checkpoint stacked() {
    if (!(config.conditioner() instanceof ConditionerConfig.Zero123)) {
      throw new IllegalArgumentException(
          "stacked: only a ZERO123 conditioner can be split, not " + config.conditioner().json());
    }
    ConditionerConfig stack =
        new ConditionerConfig.Stacked(
            List.of(ConditionerConfig.Token.POOLED, ConditionerConfig.Token.POSE));
    return new Checkpoint(
        files,
        layout,
        config.withConditioner(stack, config.unet().contextDim()),
        StackedConditioner.ofPublished(parameters),
        isAverage,
        notes);
  }

  /** The model's networks on a backend, with weights that rest in memory as told. */
  public Zero123 load(Backend backend, Parameters.Storage storage) {
    return new Zero123(backend, config, parameters, storage);
  }

  /** The open files. */
  public ModelFiles files() {
    return files;
  }

  /** The layout that they are in. */
  public CheckpointLayout layout() {
    return layout;
  }

  /** The configuration, as stored, inferred or given. */
  public ModelConfig config() {
    return config;
  }

  /** The parameters under the reference's names. */
  public ParameterSource parameters() {
    return parameters;
  }

  /** Whether the UNet's parameters are the moving average of a file that has both. */
  public boolean isAverage() {
    return isAverage;
  }

  /** What a user should know about how the model was understood; a line each. */
  public List<String> notes() {
    return notes;
  }

  @Override
  public void close() {
    files.close();
  }

  /** What opening collects. */
  private static final class Opening {
    private final ModelFiles files;
    private final Options options;
    private final CheckpointLayout layout;
    private final SequencedMap<String, StoredTensor> stored;
    private final List<String> notes = new ArrayList<>();
    private boolean isAverage;

    Opening(ModelFiles files, Options options) throws IOException {
      this.files = files;
      this.options = options;
      this.layout = files.requireLayout();
      this.stored = files.tensors();
    }

    Checkpoint checkpoint() throws IOException {
      ModelConfig config = config();
      if (options.pose != null) {
        config = config.withConditioning(config.clipResize(), options.pose);
      } else if (config.pose() == PoseEncoding.ZERO123 && isCalledStable()) {
        notes.add(
            files.path()
                + ": named like Stable Zero123; if it is, it needs --pose "
                + PoseEncoding.STABLE_ZERO123
                + " and --input-elevation D");
      }
      ParameterSource parameters = parameters(config);
      return new Checkpoint(files, layout, config, parameters, isAverage, notes);
    }

    private boolean isCalledStable() {
      String name = String.valueOf(files.path().getFileName()).toLowerCase(Locale.ROOT);
      return name.contains("stable");
    }

    private ModelConfig config() throws IOException {
      if (options.config != null) {
        return Configuration.read(options.config, ModelConfig.class).withStoredWeights();
      }
      return switch (layout) {
        case AZIMUTH ->
            Configuration.read(files.path().resolve(ModelFiles.CONFIG), ModelConfig.class);
        case ZERO123_CKPT, SAFETENSORS -> singleFileConfig();
        case DIFFUSERS_KXIC, DIFFUSERS_BENNYGUO ->
            new DiffusersConfig(files.path()).model(DiffusersFolder.Dialect.of(layout).resizing());
      };
    }

    private ModelConfig singleFileConfig() throws IOException {
      String own = files.metadata().get(CONFIG_KEY);
      try {
        if (own != null) {
          return Configuration.parse(own, ModelConfig.class);
        }
        if (stored.keySet().stream().noneMatch(StateDict::isUNet)) {
          throw new IllegalArgumentException(
              "only the UNet's moving average is there, whose names don't tell its sizes");
        }
        Map<String, Shape> shapes = new HashMap<>();
        stored.forEach((name, tensor) -> shapes.put(name, Shape.of(tensor.shape())));
        ModelConfig inferred = InferredConfig.of(shapes, schedule());
        notes.add(
            "%s: sizes are taken from its tensors; %s; --config F tells otherwise"
                .formatted(files.path(), InferredConfig.ASSUMED));
        return inferred;
      } catch (IllegalArgumentException e) {
        throw new FileFormatException(
            files.path(), e.getMessage() + "; --config F gives a configuration", e);
      }
    }

    /** The schedule whose ends the stored buffer has; the published one if there is no buffer. */
    private NoiseSchedule.Config schedule() throws IOException {
      StoredTensor betas = stored.get("betas");
      if (betas == null || betas.count() < 2) {
        return NoiseSchedule.Config.PUBLISHED;
      }
      float[] values = betas.floats();
      // the shortest decimal that gives this float is what was written in the configuration
      return new NoiseSchedule.Config(
          values.length,
          Double.parseDouble(Float.toString(values[0])),
          Double.parseDouble(Float.toString(values[values.length - 1])));
    }

    private ParameterSource parameters(ModelConfig config) throws IOException {
      SequencedMap<String, Shape> shapes = Zero123.parameterShapes(config);
      ModelConfig.SeededRule seeded = config.weights();
      if (layout == CheckpointLayout.AZIMUTH && seeded != null) {
        return new SeededParameters(shapes, seeded.seed());
      }
      if (files.parts().isEmpty()) {
        throw new FileFormatException(weights(), "no such file");
      }
      SequencedMap<String, Placement> placements = placements(config, shapes);
      check(placements);
      return new PlacedParameters(files, shapes, placements);
    }

    private SequencedMap<String, Placement> placements(
        ModelConfig config, SequencedMap<String, Shape> shapes) throws IOException {
      if (layout.isDiffusers()) {
        boolean isLinear = new DiffusersConfig(files.path()).hasLinearProjections();
        return DiffusersFolder.placements(
            shapes, config, DiffusersFolder.Dialect.of(layout), isLinear, attentionNames());
      }
      isAverage =
          layout.isSingleFile() && options.isAveraged && StateDict.hasAverage(stored.keySet());
      Placements placements = new Placements(shapes);
      for (String name : shapes.keySet()) {
        boolean isAveraged = isAverage && StateDict.isUNet(name);
        placements.same(name, isAveraged ? StateDict.average(name) : name);
      }
      return placements.all();
    }

    private DiffusersAutoencoder.AttentionNames attentionNames() {
      DiffusersAutoencoder.AttentionNames old = DiffusersAutoencoder.AttentionNames.OLD;
      return stored.containsKey(DiffusersFolder.VAE + "/" + old.sign())
          ? old
          : DiffusersAutoencoder.AttentionNames.NEW;
    }

    /** One error with every difference, in the names that the files have. */
    private void check(SequencedMap<String, Placement> placements) throws IOException {
      List<String> missing = new ArrayList<>();
      List<String> misshapen = new ArrayList<>();
      SequencedMap<String, StoredTensor> unexpected = new LinkedHashMap<>(stored);
      for (Placement placement : placements.values()) {
        for (Placement.Piece piece : placement.pieces()) {
          StoredTensor tensor = unexpected.remove(piece.name());
          if (tensor == null) {
            missing.add(piece.name());
          } else if (!piece.accepts(Shape.of(tensor.shape()))) {
            misshapen.add(
                piece.name() + " " + Shape.of(tensor.shape()) + " instead of " + piece.shape());
          }
        }
      }
      unexpected.keySet().removeIf(isKnown(placements.keySet()));
      if (!missing.isEmpty() || !unexpected.isEmpty() || !misshapen.isEmpty()) {
        ParameterException all =
            new ParameterException(
                missing, unexpected.keySet().stream().sorted().toList(), misshapen);
        throw new FileFormatException(weights(), String.valueOf(all.getMessage()), all);
      }
    }

    /** The file that doesn't fit, or the folder of several. */
    private Path weights() {
      return layout == CheckpointLayout.AZIMUTH
          ? files.path().resolve(ModelFiles.WEIGHTS)
          : files.path();
    }

    private Predicate<String> isKnown(Set<String> parameters) {
      return switch (layout) {
        case AZIMUTH -> _ -> false;
        case ZERO123_CKPT, SAFETENSORS -> {
          Set<String> beside = StateDict.beside(parameters);
          yield name -> beside.contains(name) || StateDict.isLeftover(name);
        }
        case DIFFUSERS_KXIC, DIFFUSERS_BENNYGUO ->
            name -> TransformersClip.isBuffer(name, DiffusersFolder.CLIP + "/");
      };
    }
  }
}
