package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.CudaException;
import dev.azimuth.kernels.DevicePointer;
import dev.azimuth.kernels.Dim3;
import dev.azimuth.kernels.FunctionAttribute;
import dev.azimuth.kernels.KernelArgument;
import dev.azimuth.kernels.ParamType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** What a device of compute capability 8.0 accepts as a launch. */
final class LaunchLimits {
  static final int THREADS = 1024;
  static final int BLOCK_Z = 64;
  static final int GRID_YZ = 65535;
  static final int REGISTERS = 65536;

  /** A warp gets its registers in portions of this size. */
  private static final int REGISTER_PORTION = 256;

  private static final String INVALID = "CUDA_ERROR_INVALID_VALUE";

  private final EmulatedModule.EmulatedFunction function;
  private final PtxKernel kernel;

  LaunchLimits(EmulatedModule.EmulatedFunction function) {
    this.function = function;
    kernel = function.program().kernel();
  }

  /** Refuses a launch as the driver would. */
  void check(Dim3 grid, Dim3 block, int sharedBytes) {
    if (grid.y() > GRID_YZ || grid.z() > GRID_YZ) {
      throw refusal(INVALID, "a grid has at most %d along y and z; got %s", GRID_YZ, grid);
    }
    if (block.z() > BLOCK_Z || block.size() > THREADS) {
      throw refusal(
          INVALID, "a block has at most %d threads, %d along z; got %s", THREADS, BLOCK_Z, block);
    }
    if (block.size() > kernel.maxThreads()) {
      throw refusal(
          INVALID, "its .maxntid is %d; got %s threads", kernel.maxThreads(), block.size());
    }
    if (sharedBytes < 0 || sharedBytes > function.dynamicBytes()) {
      throw refusal(
          INVALID,
          "it may have %d bytes of dynamic shared memory; got %d",
          function.dynamicBytes(),
          sharedBytes);
    }
    int warps = Math.ceilDiv((int) block.size(), Warp.LANES);
    if (warps * Warp.LANES * REGISTER_PORTION > REGISTERS) {
      int perWarp = Warp.LANES * function.attribute(FunctionAttribute.REGISTERS);
      int all = warps * Math.ceilDiv(perWarp, REGISTER_PORTION) * REGISTER_PORTION;
      if (all > REGISTERS) {
        throw refusal(
            "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES",
            "%s threads take %d registers of %d",
            block.size(),
            all,
            REGISTERS);
      }
    }
  }

  /** The arguments as the parameter space; a driver would take wrong ones silently. */
  byte[] params(List<KernelArgument> arguments) {
    if (arguments.size() != kernel.params().size()) {
      throw refusal(
          INVALID, "it has %d parameters; got %d", kernel.params().size(), arguments.size());
    }
    ByteBuffer params = ByteBuffer.allocate(kernel.paramBytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < arguments.size(); i++) {
      KernelArgument argument = arguments.get(i);
      PtxKernel.Param param = kernel.params().get(i);
      if (!fits(param.type(), argument.type())) {
        throw refusal(INVALID, "parameter %d is .%s; got %s", i, param.type(), argument);
      }
      switch (argument) {
        case DevicePointer pointer -> params.putLong(param.offset(), pointer.address());
        case KernelArgument.I32(int value) -> params.putInt(param.offset(), value);
        case KernelArgument.I64(long value) -> params.putLong(param.offset(), value);
        case KernelArgument.F32(float value) -> params.putFloat(param.offset(), value);
        case KernelArgument.F64(double value) -> params.putDouble(param.offset(), value);
      }
    }
    return params.array();
  }

  private static boolean fits(PtxType param, ParamType argument) {
    return switch (argument) {
      case PTR, I64 -> param.integral() && param.wide();
      case I32 -> param.integral() && param.bytes() == 4;
      case F32 -> param == PtxType.F32 || param == PtxType.B32;
      case F64 -> param == PtxType.F64 || param == PtxType.B64;
    };
  }

  private CudaException refusal(String result, String format, Object... values) {
    return new CudaException(
        "cuLaunchKernel", result, kernel.name() + ": " + format.formatted(values));
  }
}
