package dev.azimuth.diffusion.training;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.diffusion.StoredParameters;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.optim.AdamW;
import dev.azimuth.nn.optim.Ema;
import dev.azimuth.nn.optim.GradientClipping;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Takes one stage from its first step, or its checkpoint's, to its last. */
final class TrainingLoop {
  private final Stage stage;
  private final StageConfig config;
  private final Parameters root;
  private final Objective objective;
  private final AdamW optimizer;
  private final @Nullable Ema average;
  private double[] losses = new double[0];

  /** Which stage of which run this is. */
  record Stage(String name, Path folder, long seed) {
    /** The finished stage's weights. */
    Path result() {
      return folder.resolve(name + ".safetensors");
    }

    Path checkpoint() {
      return folder.resolve(name + ".checkpoint.safetensors");
    }

    Path lossCurve() {
      return folder.resolve(name + "-loss.csv");
    }

    /** The generator of a step's batch: a resumed run draws what an undisturbed one does. */
    TorchRandom random(long step) {
      return TorchRandom.stream(seed, name.hashCode(), step);
    }
  }

  /** Given the weights as they would be kept now, in the published names and order. */
  @FunctionalInterface
  interface Keeper {
    void keep(Map<String, ParameterSource.Stored> weights) throws IOException;
  }

  /** A loop over all of root's parameters at one learning rate. */
  TrainingLoop(Stage stage, StageConfig config, Parameters root, Objective objective) {
    this(stage, config, root, objective, List.of(AdamW.Group.of(root.tensors())));
  }

  /** A loop over root's parameters in groups. */
  TrainingLoop(
      Stage stage,
      StageConfig config,
      Parameters root,
      Objective objective,
      List<AdamW.Group> groups) {
    this.stage = stage;
    this.config = config;
    this.root = root;
    this.objective = objective;
    this.optimizer =
        new AdamW(
            AdamW.Settings.of(config.learningRate()).withWeightDecay(config.weightDecay()), groups);
    this.average = config.emaDecay() == 0 ? null : new Ema(config.emaDecay(), true, root.tensors());
  }

  /**
   * Trains to the last step, with a checkpoint every so often, and keeps the result. The weights
   * are given to the keeper before each checkpoint, so that a kill between them repeats it.
   */
  void run(StageListener listener, Keeper keeper) throws IOException {
    Path checkpoint = stage.checkpoint();
    if (Files.exists(checkpoint)) {
      TrainingState state = TrainingState.read(checkpoint, root.backend());
      try {
        restore(state);
      } catch (IllegalArgumentException e) {
        throw new FileFormatException(checkpoint, String.valueOf(e.getMessage()), e);
      }
    }
    listener.begins(stage.name(), losses.length, config.steps());
    for (int step = losses.length; step < config.steps(); step++) {
      double loss = step(step);
      losses = Arrays.copyOf(losses, step + 1);
      losses[step] = loss;
      listener.step(step + 1, loss);
      if ((step + 1) % config.checkpointEvery() == 0 || step + 1 == config.steps()) {
        writeLossCurve();
        keeper.keep(weights());
        state().write(checkpoint);
      }
    }
    finish();
  }

  private double step(int step) {
    Tensor loss = objective.loss(stage.random(step));
    Gradients gradients = Gradients.of(loss);
    double value = loss.item();
    if (!Double.isFinite(value)) {
      throw new ArithmeticException(
          stage.name()
              + ": the loss of step "
              + (step + 1)
              + " is "
              + value
              + "; a lower learning_rate or gradient_clip may help");
    }
    Map<String, Tensor> named = gradients.named(root.tensors());
    if (config.gradientClip() > 0) {
      named = GradientClipping.byNorm(named, config.gradientClip()).gradients();
    }
    optimizer.step(named, config.multiplier(step));
    if (average != null) {
      average.update();
    }
    return value;
  }

  // the result appears before the checkpoint goes, so that a kill between them loses nothing
  private void finish() throws IOException {
    StoredParameters.write(stage.result(), weights(), ElementType.F32);
    Files.deleteIfExists(stage.checkpoint());
  }

  private Map<String, ParameterSource.Stored> weights() {
    return average == null ? root.published() : root.published(average.shadows());
  }

  private TrainingState state() {
    Map<String, Tensor> averaged = average == null ? Map.of() : average.state();
    return new TrainingState(root.tensors(), optimizer.state(), averaged, losses);
  }

  private void restore(TrainingState state) {
    root.overwrite(state.parameters());
    optimizer.restore(state.optimizer());
    if (average != null) {
      average.restore(state.average());
    }
    losses = state.losses();
  }

  private void writeLossCurve() throws IOException {
    StringBuilder csv = new StringBuilder("step,loss\n");
    for (int i = 0; i < losses.length; i++) {
      csv.append(i + 1).append(',').append((float) losses[i]).append('\n');
    }
    AtomicFile.writeString(stage.lossCurve(), csv);
  }
}
