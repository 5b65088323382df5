package dev.azimuth.kernels;

/** This machine has no usable CUDA device; the message is one line that says what is missing. */
public final class CudaUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CudaUnavailableException(String missing) {
    super(missing);
  }

  public CudaUnavailableException(String missing, Throwable cause) {
    super(missing, cause);
  }
}
