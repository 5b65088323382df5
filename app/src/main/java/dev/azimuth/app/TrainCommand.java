package dev.azimuth.app;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.checkpoint.Checkpoint;
import dev.azimuth.diffusion.training.TrainingConfig;
import dev.azimuth.diffusion.training.TrainingRun;
import dev.azimuth.diffusion.training.ViewRange;
import dev.azimuth.tensor.Backend;
import dev.azimuth.views.DatasetSplit;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a model from nothing, or goes on where a run was stopped. */
@Command(
    name = "train",
    description = "Train autoencoder, image encoder and noise prediction; resumable at any moment.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class TrainCommand implements Callable<Integer> {
  @Option(names = "--config", required = true, paramLabel = "F", description = "training.json.")
  private Path config;

  @Option(names = "--data", required = true, paramLabel = "DIR", description = "The data set.")
  private Path data;

  @Option(
      names = "--split",
      paramLabel = "F",
      description = "Learn from this split's training objects only (default: all objects).")
  private @Nullable Path split;

  @Option(names = "--out", required = true, paramLabel = "RUN", description = "The run's folder.")
  private Path out;

  @Option(
      names = "--from",
      paramLabel = "M",
      description =
          "Go on from this model: its networks take the place of the configuration's, and only"
              + " noise prediction is trained.")
  private @Nullable Path from;

  @Option(
      names = "--context-dim",
      paramLabel = "N",
      description = "Width of the tokens (default: the configuration's).")
  private @Nullable Integer contextDim;

  @Option(
      names = "--condition-views",
      paramLabel = "LEAST,MOST",
      split = ",",
      description =
          "How many views a sample is conditioned on, drawn anew in each step (default: the"
              + " configuration's).")
  private @Nullable List<Integer> conditionViews;

  @Option(names = "--resume", description = "Go on with a run that was stopped.")
  private boolean isResumed;

  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() throws Exception {
    try (@Nullable Checkpoint start = from == null ? null : Checkpoint.open(from)) {
      return train(start);
    }
  }

  private int train(@Nullable Checkpoint start) throws IOException {
    TrainingConfig training = training(start);
    Arguments.requireWritableFolder(out);
    ViewDataset dataset = ViewDataset.open(data);
    List<String> uids = split == null ? dataset.objects() : DatasetSplit.read(split).train();
    DatasetViews views;
    try (Progress progress = new Progress("reading views", uids.size())) {
      ModelConfig model = training.model();
      views = DatasetViews.read(dataset, uids, model.imageSize(), model.pose(), progress);
    }
    try (Backend backend = compute.open();
        TrainingBars bars = new TrainingBars(out)) {
      if (start != null) {
        TrainingRun.startFrom(start.parameters(), backend, training, out);
      }
      new TrainingRun(backend, training, views, out, isResumed).run(bars);
    }
    LossChart.draw(out);
    System.out.println(out.resolve("model"));
    return 0;
  }

  /** What the file says, but for what the command line does. */
  private TrainingConfig training(@Nullable Checkpoint start) throws IOException {
    TrainingConfig given = Configuration.read(config, TrainingConfig.class);
    ModelConfig model = start == null ? given.model() : start.config();
    if (contextDim != null) {
      if (start != null) {
        throw new IllegalArgumentException(
            "--context-dim: the tokens of a model that is gone on from have its width, "
                + model.unet().contextDim());
      }
      model = model.withConditioner(model.conditioner(), contextDim);
    }
    ViewRange views = given.conditionViews();
    if (conditionViews != null) {
      if (conditionViews.size() > 2) {
        throw new IllegalArgumentException(
            "--condition-views: takes LEAST,MOST or one number, not " + conditionViews);
      }
      views = new ViewRange(conditionViews.getFirst(), conditionViews.getLast());
    }
    return given.withModel(model, views, given.seed());
  }
}
