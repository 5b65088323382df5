package dev.azimuth.kernels.emulator;

/** PTX that the emulator doesn't understand; the message names the line. */
final class PtxException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PtxException(int line, String reason) {
    super("PTX line " + line + ": " + reason);
  }
}
