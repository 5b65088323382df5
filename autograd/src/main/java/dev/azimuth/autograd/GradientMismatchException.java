package dev.azimuth.autograd;

/** A gradient that doesn't pass its check; the message shows every leaf and the worst elements. */
public final class GradientMismatchException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient GradReport report;

  GradientMismatchException(GradReport report) {
    super("gradcheck: gradients don't pass" + System.lineSeparator() + report);
    this.report = report;
  }

  /** What was found. */
  public GradReport report() {
    return report;
  }
}
