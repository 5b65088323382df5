package dev.azimuth.tensor;

/**
 * A device has no room for a tensor. The message says how much was asked for and what is held; the
 * backend stays usable.
 */
public final class OutOfDeviceMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OutOfDeviceMemoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
