package dev.azimuth.kernels;

import java.util.ArrayList;
import java.util.List;

/**
 * What a launcher promises about its kernel; a test holds it against the PTX.
 *
 * @param ptx the resource beside this class that holds the kernel
 * @param entry its {@code extern "C"} name
 * @param blockSize threads per block, the kernel's {@code __launch_bounds__}
 * @param params its parameters in order
 */
public record KernelSpec(String ptx, String entry, int blockSize, List<ParamType> params) {
  public KernelSpec {
    if (blockSize <= 0 || blockSize % 32 != 0) {
      throw new IllegalArgumentException(
          entry + ": a block is whole warps of 32 threads; got " + blockSize);
    }
    params = List.copyOf(params);
  }

  public KernelSpec(String ptx, String entry, int blockSize, ParamType... params) {
    this(ptx, entry, blockSize, List.of(params));
  }

  /**
   * The values as this kernel's arguments: {@link DevicePointer}, {@code Integer}, {@code Long},
   * {@code Float} and {@code Double}, none of them converted.
   *
   * @throws IllegalArgumentException unless their number and types are the parameters'
   */
  public List<KernelArgument> arguments(Object... values) {
    if (values.length != params.size()) {
      throw new IllegalArgumentException(
          "%s takes %d arguments, not %d".formatted(entry, params.size(), values.length));
    }
    List<KernelArgument> arguments = new ArrayList<>(values.length);
    for (int i = 0; i < values.length; i++) {
      KernelArgument argument = argument(i, values[i]);
      if (argument.type() != params.get(i)) {
        throw mismatch(i, values[i]);
      }
      arguments.add(argument);
    }
    return arguments;
  }

  private KernelArgument argument(int index, Object value) {
    return switch (value) {
      case KernelArgument argument -> argument;
      case Integer number -> new KernelArgument.I32(number);
      case Long number -> new KernelArgument.I64(number);
      case Float number -> new KernelArgument.F32(number);
      case Double number -> new KernelArgument.F64(number);
      default -> throw mismatch(index, value);
    };
  }

  private IllegalArgumentException mismatch(int index, Object value) {
    return new IllegalArgumentException(
        "%s: argument %d is %s; got %s %s"
            .formatted(entry, index, params.get(index), value.getClass().getSimpleName(), value));
  }
}
