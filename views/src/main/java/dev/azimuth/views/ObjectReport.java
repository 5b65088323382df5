package dev.azimuth.views;

import java.util.List;

/**
 * What became of one object.
 *
 * @param uid the object
 * @param outcome whether it is in the data set now
 * @param triangles of its mesh; 0 if it wasn't loaded
 * @param seconds it took
 * @param findings what was wrong with its files, or why it was skipped; blank views by file name
 */
public record ObjectReport(
    String uid, Outcome outcome, int triangles, double seconds, List<String> findings) {
  /** Copies the findings. */
  public ObjectReport {
    findings = List.copyOf(findings);
  }

  /** The ways it can go. */
  public enum Outcome {
    /** Rendered now. */
    RENDERED,
    /** Was there already, complete and with the same settings. */
    KEPT,
    /** Its mesh cannot be used. */
    SKIPPED,
    /** Rendered, but nothing is seen in at least one view: left out of {@code valid_paths.json}. */
    BLANK_VIEWS
  }
}
