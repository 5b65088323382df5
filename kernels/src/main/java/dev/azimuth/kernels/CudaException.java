package dev.azimuth.kernels;

/**
 * A call of the CUDA driver that failed.
 *
 * <p>The message is {@code CALL: RESULT (what was asked)}. An out of memory leaves the context
 * usable; most other results don't.
 */
public final class CudaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The result of an allocation that doesn't fit. */
  public static final String OUT_OF_MEMORY = "CUDA_ERROR_OUT_OF_MEMORY";

  private final String call;
  private final String result;

  /**
   * @param call the driver's function, such as {@code cuMemAlloc}
   * @param result the name of its {@code CUresult}
   * @param asked what it was to do, for the person who reads the message
   */
  public CudaException(String call, String result, String asked) {
    super("%s: %s (%s)".formatted(call, result, asked));
    this.call = call;
    this.result = result;
  }

  /** The driver's function that failed. */
  public String call() {
    return call;
  }

  /** The name of its {@code CUresult}. */
  public String result() {
    return result;
  }

  /** Whether the device had no room; the same call may succeed once memory was freed. */
  public boolean outOfMemory() {
    return result.equals(OUT_OF_MEMORY);
  }
}
