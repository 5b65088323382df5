package dev.azimuth.kernels;

/** A device's limits and sizes; the codes are those of the driver's {@code CUdevice_attribute}. */
public enum DeviceAttribute {
  MAX_THREADS_PER_BLOCK(1),
  MAX_BLOCK_DIM_X(2),
  MAX_BLOCK_DIM_Y(3),
  MAX_BLOCK_DIM_Z(4),
  MAX_GRID_DIM_X(5),
  MAX_GRID_DIM_Y(6),
  MAX_GRID_DIM_Z(7),
  /** Bytes of shared memory that every kernel may use. */
  MAX_SHARED_MEMORY_PER_BLOCK(8),
  WARP_SIZE(10),
  MAX_REGISTERS_PER_BLOCK(12),
  CLOCK_RATE_KHZ(13),
  MULTIPROCESSOR_COUNT(16),
  MEMORY_CLOCK_RATE_KHZ(36),
  MEMORY_BUS_WIDTH_BITS(37),
  L2_CACHE_BYTES(38),
  MAX_THREADS_PER_MULTIPROCESSOR(39),
  COMPUTE_CAPABILITY_MAJOR(75),
  COMPUTE_CAPABILITY_MINOR(76),
  MAX_SHARED_MEMORY_PER_MULTIPROCESSOR(81),
  /**
   * Bytes of shared memory that a kernel may use once {@link
   * FunctionAttribute#MAX_DYNAMIC_SHARED_BYTES} allows it.
   */
  MAX_SHARED_MEMORY_PER_BLOCK_OPTIN(97);

  private final int code;

  DeviceAttribute(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }
}
