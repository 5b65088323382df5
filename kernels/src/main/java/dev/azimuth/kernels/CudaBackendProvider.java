package dev.azimuth.kernels;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BackendProvider;

/**
 * Opens {@code cuda:0} and its like; nothing of CUDA is touched before. The system property {@code
 * azimuth.cuda.precision} chooses a {@link Precision}, {@code float32} if it isn't set.
 */
public final class CudaBackendProvider implements BackendProvider {
  private static final String PRECISION = "azimuth.cuda.precision";

  /** For the service loader. */
  public CudaBackendProvider() {}

  @Override
  public String kind() {
    return "cuda";
  }

  @Override
  public Backend open(int index) {
    String device = kind() + ":" + index;
    CudaOptions options = new CudaOptions(precision(), CudaOptions.DEFAULT.attention());
    try {
      return new CudaBackend(device, JCudaDevice.open(index), options);
    } catch (CudaUnavailableException e) {
      throw new IllegalArgumentException("--device %s: %s".formatted(device, e.getMessage()), e);
    }
  }

  private static Precision precision() {
    String given = System.getProperty(PRECISION, "float32");
    for (Precision precision : Precision.values()) {
      if (precision.name().equalsIgnoreCase(given)) {
        return precision;
      }
    }
    throw new IllegalArgumentException(
        "-D%s is one of float32 and tf32; got %s".formatted(PRECISION, given));
  }
}
