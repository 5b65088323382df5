package dev.azimuth.kernels;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BackendProvider;

/**
 * Opens {@code cuda:0} and its like, with cuBLAS for matrix products where it loads; nothing of
 * CUDA is touched before. The system property {@code azimuth.cuda.precision} chooses a {@link
 * Precision}, {@code float32} if it isn't set.
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
    return open(kind() + ":" + index, index, true);
  }

  /** A device, with or without NVIDIA's libraries. */
  static Backend open(String device, int index, boolean withLibraries) {
    CudaOptions options = new CudaOptions(precision(), CudaOptions.DEFAULT.attention());
    try {
      JCudaDevice driver = JCudaDevice.open(index);
      Gemm.Probe library = withLibraries ? driver.cublas() : Gemm.Probe.NONE;
      return new CudaBackend(device, driver, options, library);
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
