package dev.azimuth.kernels;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BackendProvider;

/**
 * Opens {@code cuda:0} and its like, with cuBLAS for matrix products where it loads; nothing of
 * CUDA is touched before.
 */
public final class CudaBackendProvider implements BackendProvider {
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
    try {
      JCudaDevice driver = JCudaDevice.open(index);
      return new CudaBackend(device, driver, withLibraries ? driver.cublas() : Gemm.Probe.NONE);
    } catch (CudaUnavailableException e) {
      throw new IllegalArgumentException("--device %s: %s".formatted(device, e.getMessage()), e);
    }
  }
}
