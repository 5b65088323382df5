package dev.azimuth.kernels;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BackendProvider;

/** Opens {@code cuda-own:0} and its like: the same devices, none of NVIDIA's libraries used. */
public final class OwnCudaBackendProvider implements BackendProvider {
  /** For the service loader. */
  public OwnCudaBackendProvider() {}

  @Override
  public String kind() {
    return "cuda-own";
  }

  @Override
  public Backend open(int index) {
    return CudaBackendProvider.open(kind() + ":" + index, index, false);
  }
}
