package dev.azimuth.kernels;

/** A value given to a kernel's parameter. */
public sealed interface KernelArgument
    permits DevicePointer,
        KernelArgument.I32,
        KernelArgument.I64,
        KernelArgument.F32,
        KernelArgument.F64 {
  /** The parameter that it fits. */
  ParamType type();

  /** A 32-bit integer, signed or not. */
  record I32(int value) implements KernelArgument {
    @Override
    public ParamType type() {
      return ParamType.I32;
    }
  }

  /** A 64-bit integer, signed or not. */
  record I64(long value) implements KernelArgument {
    @Override
    public ParamType type() {
      return ParamType.I64;
    }
  }

  /** A float32. */
  record F32(float value) implements KernelArgument {
    @Override
    public ParamType type() {
      return ParamType.F32;
    }
  }

  /** A float64. */
  record F64(double value) implements KernelArgument {
    @Override
    public ParamType type() {
      return ParamType.F64;
    }
  }
}
