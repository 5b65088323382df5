package dev.azimuth.kernels;

import static java.util.Collections.nCopies;

import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a launcher works with while it queues one {@link dev.azimuth.tensor.Kernel}: the device,
 * where tensors are, and memory that lasts until the kernel's last launch.
 */
final class Launch implements AutoCloseable {
  /** Threads of a block whose threads each make one element, {@code MAP_THREADS}. */
  static final int MAP_THREADS = 256;

  private static final KernelSpec WIDEN =
      new KernelSpec("copy.ptx", "widen_f16", MAP_THREADS, params(2, 1));

  static final List<KernelSpec> SPECS = List.of(WIDEN);

  private final String kernel;
  private final CudaDevice device;
  private final CudaOptions options;
  private final List<DeviceMemory.Block> scratch = new ArrayList<>();

  /** Launches on {@code device} for what messages call {@code kernel}. */
  Launch(String kernel, CudaDevice device, CudaOptions options) {
    this.kernel = kernel;
    this.device = device;
    this.options = options;
  }

  CudaOptions options() {
    return options;
  }

  /** The parameters of a kernel that takes pointers, then integers. */
  static List<ParamType> params(int pointers, int integers) {
    return Stream.concat(
            nCopies(pointers, ParamType.PTR).stream(), nCopies(integers, ParamType.I32).stream())
        .toList();
  }

  /** Where the elements of a float32 tensor are; a wide copy if they rest in half precision. */
  DevicePointer in(Tensor x) {
    DeviceBuffer buffer = floats(x);
    if (!buffer.isHalved()) {
      return buffer.pointer();
    }
    DevicePointer wide = scratch(buffer.size());
    map(WIDEN, buffer.size(), buffer.pointer(), wide, buffer.size());
    return wide;
  }

  /** The same, or null for a tensor that isn't there. */
  DevicePointer inOrNull(@Nullable Tensor x) {
    return x == null ? DevicePointer.NULL : in(x);
  }

  /** Where the elements of a float32 tensor go. */
  DevicePointer out(Tensor y) {
    DeviceBuffer buffer = floats(y);
    if (buffer.isHalved()) {
      throw halvesWritten();
    }
    return buffer.pointer();
  }

  /** Why such a buffer isn't overwritten. */
  static UnsupportedOperationException halvesWritten() {
    return new UnsupportedOperationException(
        "weights at rest in half precision are for reading only");
  }

  /** Where a tensor's elements of any type are. */
  static DevicePointer anywhere(Tensor x) {
    return ((DeviceBuffer) x.buffer()).pointer();
  }

  private DeviceBuffer floats(Tensor x) {
    if (x.dtype() != DType.FLOAT32) {
      throw new UnsupportedOperationException(
          "%s: CUDA computes in float32; got %s %s (--device cpu computes in both)"
              .formatted(kernel, x.dtype().toString().toLowerCase(Locale.ROOT), x.shape()));
    }
    return (DeviceBuffer) x.buffer();
  }

  /** Room for {@code count} floats or ints, their content undefined. */
  DevicePointer scratch(long count) {
    DeviceMemory.Block block = device.memory().allocate(count * Float.BYTES);
    scratch.add(block);
    return block.pointer();
  }

  /** The integers on the device. */
  DevicePointer upload(int... values) {
    DevicePointer pointer = scratch(values.length);
    device
        .staging()
        .upload(
            pointer,
            values.length,
            Integer.BYTES,
            (part, from, count) ->
                MemorySegment.copy(values, from, part, ValueLayout.JAVA_INT, 0, count));
    return pointer;
  }

  /** A library's matrix products, or null. */
  @Nullable Gemm gemm() {
    return device.gemm();
  }

  CudaDriver.Stream stream() {
    return device.stream();
  }

  /** Queues a kernel whose threads each make one of {@code size} elements. */
  void map(KernelSpec spec, long size, Object... arguments) {
    launch(spec, Math.ceilDiv(size, MAP_THREADS), arguments);
  }

  /** Queues a kernel on {@code blocks} blocks. */
  void launch(KernelSpec spec, long blocks, Object... arguments) {
    device.launch(spec, blocks, 0, arguments);
  }

  /** Queues a kernel whose blocks have {@code sharedBytes} of dynamic shared memory. */
  void launchShared(KernelSpec spec, long blocks, int sharedBytes, Object... arguments) {
    device.launch(spec, blocks, sharedBytes, arguments);
  }

  @Override
  public void close() {
    scratch.forEach(device.memory()::release);
  }
}
