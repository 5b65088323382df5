package dev.azimuth.kernels;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BackendProvider;

/** Opens {@code cuda:0} and its like; nothing of CUDA is touched before. */
public final class CudaBackendProvider implements BackendProvider {
  /** For the service loader. */
  public CudaBackendProvider() {}

  @Override
  public String kind() {
    return "cuda";
  }

  @Override
  public Backend open(int index) {
    String device = kind() + ":" + index;
    try {
      return new CudaBackend(device, JCudaDevice.open(index));
    } catch (CudaUnavailableException e) {
      throw new IllegalArgumentException("--device %s: %s".formatted(device, e.getMessage()), e);
    }
  }
}
