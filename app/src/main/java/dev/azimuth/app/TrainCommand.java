package dev.azimuth.app;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.training.StageListener;
import dev.azimuth.diffusion.training.TrainingConfig;
import dev.azimuth.diffusion.training.TrainingRun;
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

  @Option(names = "--resume", description = "Go on with a run that was stopped.")
  private boolean isResumed;

  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() throws Exception {
    TrainingConfig training = Configuration.read(config, TrainingConfig.class);
    Arguments.requireWritableFolder(out);
    ViewDataset dataset = ViewDataset.open(data);
    List<String> uids = split == null ? dataset.objects() : DatasetSplit.read(split).train();
    DatasetViews views;
    try (Progress progress = new Progress("reading views", uids.size())) {
      ModelConfig model = training.model();
      views = DatasetViews.read(dataset, uids, model.imageSize(), model.pose(), progress);
    }
    try (Backend backend = compute.open();
        Bars bars = new Bars(out)) {
      new TrainingRun(backend, training, views, out, isResumed).run(bars);
    }
    LossChart.draw(out);
    System.out.println(out.resolve("model"));
    return 0;
  }

  /** One progress bar after another, and the loss curves as they stand between them. */
  private static final class Bars implements StageListener, AutoCloseable {
    // the loss of single steps jumps; a running mean shows where it goes
    private static final double SMOOTHING = 0.98;

    private final Path run;
    private @Nullable Progress current;
    private double smoothed = Double.NaN;

    Bars(Path run) {
      this.run = run;
    }

    @Override
    public void begins(String stage, long from, long steps) {
      close();
      try {
        LossChart.draw(run);
      } catch (IOException e) {
        // not worth a training of hours
        System.err.println("azimuth: no loss chart: " + e.getMessage());
      }
      smoothed = Double.NaN;
      current = new Progress(stage.replace('_', ' '), from, steps);
    }

    @Override
    public void step(long step, double loss) {
      smoothed = Double.isNaN(smoothed) ? loss : SMOOTHING * smoothed + (1 - SMOOTHING) * loss;
      if (current != null) {
        current.to(step);
        current.note(String.format("loss %.4f", smoothed));
      }
    }

    @Override
    public void encoded(int done, int all) {
      if (current == null || done <= 32) {
        close();
        current = new Progress("encoding views", all);
      }
      current.to(done);
      if (done == all) {
        close();
      }
    }

    @Override
    public void close() {
      if (current != null) {
        current.close();
        current = null;
      }
    }
  }
}
