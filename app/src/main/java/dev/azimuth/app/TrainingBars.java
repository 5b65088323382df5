package dev.azimuth.app;

import dev.azimuth.diffusion.training.StageListener;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** One progress bar after another, and a run's loss curves as they stand between them. */
final class TrainingBars implements StageListener, AutoCloseable {
  // the loss of single steps jumps; a running mean shows where it goes
  private static final double SMOOTHING = 0.98;

  private final Path run;
  private @Nullable Progress current;
  private double smoothed = Double.NaN;

  TrainingBars(Path run) {
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
