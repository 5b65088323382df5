package dev.azimuth.kernels;

/**
 * What a user may choose about how a {@link CudaBackend} computes.
 *
 * @param precision of products on tensor cores
 * @param attention which kernels compute attention
 */
public record CudaOptions(Precision precision, AttentionRung attention) {
  /** Float32's accuracy by the fastest kernels. */
  public static final CudaOptions DEFAULT = new CudaOptions(Precision.FLOAT32, AttentionRung.FLASH);
}
