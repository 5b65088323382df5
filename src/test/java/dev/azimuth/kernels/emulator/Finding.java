package dev.azimuth.kernels.emulator;

/**
 * A fault that the emulator saw.
 *
 * @param kind which check found it
 * @param kernel the kernel, or the driver's call
 * @param what one line for the person who wrote it
 * @param line the line in the PTX, 0 outside kernels
 * @param source the line of the CUDA source, {@code FILE:LINE}, or a dash
 * @param thread block and thread, or a dash
 */
record Finding(Kind kind, String kernel, String what, int line, String source, String thread) {
  /** The checks. */
  enum Kind {
    OUT_OF_BOUNDS,
    MISALIGNED,
    UNINITIALISED,
    USE_AFTER_FREE,
    SHARED_RACE,
    DIVERGENT_BARRIER,
    INACTIVE_LANE,
    ASYNC_COPY_NOT_AWAITED,
    HOST_COPY_NOT_AWAITED,
    LEAK
  }

  /** The same fault of another thread or at another time. */
  boolean repeats(Finding other) {
    return kind == other.kind && line == other.line && kernel.equals(other.kernel);
  }

  @Override
  public String toString() {
    return line == 0
        ? "%s in %s: %s".formatted(kind, kernel, what)
        : "%s in %s: %s; %s, PTX line %d, %s".formatted(kind, kernel, what, source, line, thread);
  }
}
