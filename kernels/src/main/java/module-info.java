/** CUDA kernels, their launchers and the CUDA backend over a small driver interface. */
module dev.azimuth.kernels {
  requires transitive dev.azimuth.tensor;
  requires java.logging;
  requires jcublas;
  requires jcuda;
  requires static org.jspecify;

  exports dev.azimuth.kernels;

  provides dev.azimuth.tensor.BackendProvider with
      dev.azimuth.kernels.CudaBackendProvider,
      dev.azimuth.kernels.OwnCudaBackendProvider;
}
