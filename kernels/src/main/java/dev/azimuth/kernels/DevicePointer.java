package dev.azimuth.kernels;

/** An address in device memory; it never means anything to the host. */
public record DevicePointer(long address) implements KernelArgument {
  public static final DevicePointer NULL = new DevicePointer(0);

  /** The address {@code bytes} further on, in the same allocation. */
  public DevicePointer plus(long bytes) {
    return new DevicePointer(address + bytes);
  }

  @Override
  public ParamType type() {
    return ParamType.PTR;
  }

  @Override
  public String toString() {
    return "0x" + Long.toHexString(address);
  }
}
