package dev.azimuth.app;

import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on standard error with the time left. */
final class Progress implements AutoCloseable {
  private final ProgressBar bar;

  /** A bar of {@code steps} steps. */
  Progress(String task, long steps) {
    this(task, 0, steps);
  }

  /** A bar of {@code steps} steps of which {@code from} are done. */
  Progress(String task, long from, long steps) {
    bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(steps)
            .startsFrom(from, Duration.ZERO)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(500)
            .build();
  }

  /** {@code done} steps are done. */
  void to(long done) {
    bar.stepTo(done);
  }

  /** A note behind the bar. */
  void note(String text) {
    bar.setExtraMessage(text);
  }

  @Override
  public void close() {
    bar.close();
  }
}
