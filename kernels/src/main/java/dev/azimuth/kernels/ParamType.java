package dev.azimuth.kernels;

/** What a kernel's parameter may be; every one is aligned to its size. */
public enum ParamType {
  PTR(8),
  I32(4),
  I64(8),
  F32(4),
  F64(8);

  private final int bytes;

  ParamType(int bytes) {
    this.bytes = bytes;
  }

  public int bytes() {
    return bytes;
  }
}
