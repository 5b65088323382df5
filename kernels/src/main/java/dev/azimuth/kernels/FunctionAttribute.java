package dev.azimuth.kernels;

/** What a loaded kernel uses; the codes are those of {@code CUfunction_attribute}. */
public enum FunctionAttribute {
  /** Threads beyond which a launch fails, for want of registers. */
  MAX_THREADS_PER_BLOCK(0),
  STATIC_SHARED_BYTES(1),
  CONSTANT_BYTES(2),
  /** Bytes of local memory per thread: arrays and spilled registers. */
  LOCAL_BYTES(3),
  REGISTERS(4),
  /** Settable: the dynamic shared memory that a launch may ask for, 48 KB at first. */
  MAX_DYNAMIC_SHARED_BYTES(8);

  private final int code;

  FunctionAttribute(int code) {
    this.code = code;
  }

  public int code() {
    return code;
  }
}
