package dev.azimuth.app;

import java.io.Console;
import java.time.Duration;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Progress on standard error: a bar with the time left; where it is no terminal, a line twice a
 * minute, so that logs stay readable and short commands say nothing.
 */
final class Progress implements AutoCloseable {
  private static final long LINE_INTERVAL = Duration.ofSeconds(30).toNanos();

  private final String task;
  private final long from;
  private final long steps;
  private final @Nullable ProgressBar bar;
  private final long begin = System.nanoTime();
  private long lastLine = begin;
  private String note = "";

  /** Progress over {@code steps} steps. */
  Progress(String task, long steps) {
    this(task, 0, steps);
  }

  /** Progress over {@code steps} steps of which {@code from} are done. */
  Progress(String task, long from, long steps) {
    this.task = task;
    this.from = from;
    this.steps = steps;
    this.bar = isTerminal() ? bar(task, from, steps) : null;
  }

  private static ProgressBar bar(String task, long from, long steps) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(steps)
        .startsFrom(from, Duration.ZERO)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(500)
        .build();
  }

  /** The azimuth script filters standard error and says what is behind; else the JVM is asked. */
  private static boolean isTerminal() {
    String told = System.getProperty("azimuth.terminal");
    if (told != null) {
      return Boolean.parseBoolean(told);
    }
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  /** {@code done} steps are done. */
  void to(long done) {
    if (bar != null) {
      bar.stepTo(done);
      return;
    }
    long now = System.nanoTime();
    if (now - lastLine >= LINE_INTERVAL) {
      lastLine = now;
      System.err.println(line(done, Duration.ofNanos(now - begin)));
    }
  }

  /** What a log shows after some time. */
  String line(long done, Duration spent) {
    String left = "";
    if (done > from) {
      long seconds = Math.round(spent.toMillis() / 1000.0 * (steps - done) / (done - from));
      left = ", %d:%02d:%02d left".formatted(seconds / 3600, seconds / 60 % 60, seconds % 60);
    }
    return "%s: %d of %d%s%s".formatted(task, done, steps, left, note.isEmpty() ? "" : ", " + note);
  }

  /** A note behind the numbers. */
  void note(String text) {
    note = text;
    if (bar != null) {
      bar.setExtraMessage(text);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
