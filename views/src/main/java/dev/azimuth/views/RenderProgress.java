package dev.azimuth.views;

/** Follows a long rendering; called from several threads, one at a time. */
@FunctionalInterface
public interface RenderProgress {
  /** Follows nothing. */
  RenderProgress NONE = (report, done, total) -> {};

  /** An object is through: {@code done} of {@code total} are. */
  void finished(ObjectReport report, int done, int total);
}
