package dev.azimuth.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.logging.Logger;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;

/**
 * A CUDA device through JCuda's binding of the driver API.
 *
 * <p>The driver keeps the current context per thread, so every method makes its own current first.
 * What was never given back is logged when the device closes.
 */
public final class JCudaDevice implements CudaDriver {
  private static final Logger LOG = Logger.getLogger(JCudaDevice.class.getName());
  private static final int LOG_BYTES = 16 * 1024;

  private static final String ALLOCATIONS = "allocations";
  private static final String EVENTS = "events";
  private static final String MODULES = "modules";
  private static final String PINNED = "pinned segments";
  private static final String STREAMS = "streams";

  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final String name;
  private final Map<Long, Pointer> pinned = new HashMap<>();
  private final Map<String, Integer> held = new TreeMap<>();

  private JCudaDevice(int index) {
    check("cuDeviceGet", JCudaDriver.cuDeviceGet(device, index), "device " + index);
    check("cuCtxCreate", JCudaDriver.cuCtxCreate(context, 0, device), "on device " + index);
    byte[] letters = new byte[256];
    check("cuDeviceGetName", JCudaDriver.cuDeviceGetName(letters, letters.length, device), "");
    name = text(letters);
  }

  /**
   * A new context on a device.
   *
   * @param index 0 for the first
   * @throws CudaUnavailableException with one line that says what is missing
   */
  public static JCudaDevice open(int index) {
    JCudaLibrary.load();
    int[] count = {0};
    check("cuDeviceGetCount", JCudaDriver.cuDeviceGetCount(count), "");
    if (index < 0 || index >= count[0]) {
      throw new CudaUnavailableException(
          "no device cuda:%d: the driver has %d devices".formatted(index, count[0]));
    }
    return new JCudaDevice(index);
  }

  /** cuBLAS on this device, where it loads; whoever takes it closes it first. */
  Gemm.Probe cublas() {
    enter();
    return CublasGemm.probe(JCudaDevice::stream);
  }

  static void check(String call, int status, String asked) {
    if (status != CUresult.CUDA_SUCCESS) {
      throw new CudaException(call, CUresult.stringFor(status), asked);
    }
  }

  private void enter() {
    check("cuCtxSetCurrent", JCudaDriver.cuCtxSetCurrent(context), name);
  }

  /** Notes that there is one more, or one less, of a kind of thing to be given back. */
  private void hold(String kind, int more) {
    held.merge(kind, more, Integer::sum);
  }

  private static String text(byte[] letters) {
    int length = 0;
    while (length < letters.length && letters[length] != 0) {
      length++;
    }
    return new String(letters, 0, length, StandardCharsets.UTF_8);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int attribute(DeviceAttribute attribute) {
    int[] value = {0};
    check(
        "cuDeviceGetAttribute",
        JCudaDriver.cuDeviceGetAttribute(value, attribute.code(), device),
        attribute.name());
    return value[0];
  }

  @Override
  public MemoryInfo memory() {
    enter();
    long[] free = {0};
    long[] total = {0};
    check("cuMemGetInfo", JCudaDriver.cuMemGetInfo(free, total), "");
    return new MemoryInfo(free[0], total[0]);
  }

  @Override
  public Module load(String moduleName, String ptx) {
    enter();
    byte[] image = (ptx + "\0").getBytes(StandardCharsets.UTF_8);
    JITOptions options = new JITOptions();
    options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
    options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
    CUmodule module = new CUmodule();
    int status = JCudaDriver.cuModuleLoadDataJIT(module, Pointer.to(image), options);
    if (status != CUresult.CUDA_SUCCESS) {
      String log = text(options.getBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER)).strip();
      throw new CudaException(
          "cuModuleLoadDataEx",
          CUresult.stringFor(status),
          log.isEmpty() ? moduleName : moduleName + ": " + log);
    }
    hold(MODULES, 1);
    return new JCudaModule(module);
  }

  @Override
  public DevicePointer allocate(long bytes) {
    enter();
    Address address = new Address();
    check("cuMemAlloc", JCudaDriver.cuMemAlloc(address, bytes), bytes + " bytes");
    hold(ALLOCATIONS, 1);
    return new DevicePointer(address.value());
  }

  @Override
  public void free(DevicePointer pointer) {
    enter();
    check("cuMemFree", JCudaDriver.cuMemFree(pointer(pointer)), pointer.toString());
    hold(ALLOCATIONS, -1);
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    enter();
    Pointer pointer = new Pointer();
    check("cuMemHostAlloc", JCudaDriver.cuMemHostAlloc(pointer, bytes, 0), bytes + " pinned bytes");
    MemorySegment segment = MemorySegment.ofBuffer(pointer.getByteBuffer(0, bytes));
    pinned.put(segment.address(), pointer);
    hold(PINNED, 1);
    return segment;
  }

  @Override
  public void freePinned(MemorySegment segment) {
    enter();
    Pointer pointer = pinned.remove(segment.address());
    if (pointer == null) {
      throw new CudaException("cuMemFreeHost", "CUDA_ERROR_INVALID_VALUE", segment.toString());
    }
    check("cuMemFreeHost", JCudaDriver.cuMemFreeHost(pointer), segment.toString());
    hold(PINNED, -1);
  }

  @Override
  public void copyToDevice(DevicePointer to, MemorySegment from, Stream stream) {
    enter();
    check(
        "cuMemcpyHtoDAsync",
        JCudaDriver.cuMemcpyHtoDAsync(pointer(to), host(from), from.byteSize(), stream(stream)),
        from.byteSize() + " bytes to " + to);
  }

  @Override
  public void copyToHost(MemorySegment to, DevicePointer from, Stream stream) {
    enter();
    check(
        "cuMemcpyDtoHAsync",
        JCudaDriver.cuMemcpyDtoHAsync(host(to), pointer(from), to.byteSize(), stream(stream)),
        to.byteSize() + " bytes from " + from);
  }

  @Override
  public void copyOnDevice(DevicePointer to, DevicePointer from, long bytes, Stream stream) {
    enter();
    check(
        "cuMemcpyDtoDAsync",
        JCudaDriver.cuMemcpyDtoDAsync(pointer(to), pointer(from), bytes, stream(stream)),
        "%d bytes from %s to %s".formatted(bytes, from, to));
  }

  @Override
  public void fill(DevicePointer to, byte value, long bytes, Stream stream) {
    enter();
    check(
        "cuMemsetD8Async",
        JCudaDriver.cuMemsetD8Async(pointer(to), value, bytes, stream(stream)),
        "%d bytes at %s".formatted(bytes, to));
  }

  @Override
  public void launch(
      Function function,
      Dim3 grid,
      Dim3 block,
      int sharedBytes,
      Stream stream,
      List<KernelArgument> arguments) {
    enter();
    Pointer[] values = arguments.stream().map(JCudaDevice::value).toArray(Pointer[]::new);
    check(
        "cuLaunchKernel",
        JCudaDriver.cuLaunchKernel(
            ((JCudaFunction) function).handle,
            grid.x(),
            grid.y(),
            grid.z(),
            block.x(),
            block.y(),
            block.z(),
            sharedBytes,
            stream(stream),
            Pointer.to(values),
            null),
        "%s, grid %s, block %s, %d shared bytes"
            .formatted(function.entry(), grid, block, sharedBytes));
  }

  private static Pointer value(KernelArgument argument) {
    return switch (argument) {
      case DevicePointer(long address) -> Pointer.to(new long[] {address});
      case KernelArgument.I32(int value) -> Pointer.to(new int[] {value});
      case KernelArgument.I64(long value) -> Pointer.to(new long[] {value});
      case KernelArgument.F32(float value) -> Pointer.to(new float[] {value});
      case KernelArgument.F64(double value) -> Pointer.to(new double[] {value});
    };
  }

  @Override
  public Stream stream() {
    enter();
    CUstream stream = new CUstream();
    check(
        "cuStreamCreate",
        JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING),
        "");
    hold(STREAMS, 1);
    return new JCudaStream(stream);
  }

  @Override
  public Event event() {
    enter();
    CUevent event = new CUevent();
    check("cuEventCreate", JCudaDriver.cuEventCreate(event, 0), "");
    hold(EVENTS, 1);
    return new JCudaEvent(event);
  }

  @Override
  public void synchronize() {
    enter();
    check("cuCtxSynchronize", JCudaDriver.cuCtxSynchronize(), name);
  }

  @Override
  public void close() {
    held.values().removeIf(count -> count == 0);
    if (!held.isEmpty()) {
      LOG.warning("%s closes and these were never given back: %s".formatted(name, held));
    }
    check("cuCtxDestroy", JCudaDriver.cuCtxDestroy(context), name);
  }

  private static CUdeviceptr pointer(DevicePointer pointer) {
    return new CUdeviceptr().withByteOffset(pointer.address());
  }

  private static Pointer host(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("the driver copies from and to native memory only");
    }
    return Pointer.to(segment.asByteBuffer());
  }

  private static CUstream stream(Stream stream) {
    return ((JCudaStream) stream).handle;
  }

  /** A device pointer that tells its address. */
  private static final class Address extends CUdeviceptr {
    long value() {
      return getNativePointer();
    }
  }

  private final class JCudaStream implements Stream {
    final CUstream handle;

    JCudaStream(CUstream handle) {
      this.handle = handle;
    }

    @Override
    public void synchronize() {
      enter();
      check("cuStreamSynchronize", JCudaDriver.cuStreamSynchronize(handle), "");
    }

    @Override
    public void await(Event event) {
      enter();
      CUevent mark = ((JCudaEvent) event).handle;
      check("cuStreamWaitEvent", JCudaDriver.cuStreamWaitEvent(handle, mark, 0), "");
    }

    @Override
    public void close() {
      enter();
      check("cuStreamDestroy", JCudaDriver.cuStreamDestroy(handle), "");
      hold(STREAMS, -1);
    }
  }

  private final class JCudaEvent implements Event {
    final CUevent handle;

    JCudaEvent(CUevent handle) {
      this.handle = handle;
    }

    @Override
    public void record(Stream stream) {
      enter();
      check("cuEventRecord", JCudaDriver.cuEventRecord(handle, stream(stream)), "");
    }

    @Override
    public void synchronize() {
      enter();
      check("cuEventSynchronize", JCudaDriver.cuEventSynchronize(handle), "");
    }

    @Override
    public float millisecondsSince(Event earlier) {
      enter();
      float[] time = {0};
      CUevent start = ((JCudaEvent) earlier).handle;
      check("cuEventElapsedTime", JCudaDriver.cuEventElapsedTime(time, start, handle), "");
      return time[0];
    }

    @Override
    public void close() {
      enter();
      check("cuEventDestroy", JCudaDriver.cuEventDestroy(handle), "");
      hold(EVENTS, -1);
    }
  }

  private final class JCudaModule implements Module {
    private final CUmodule handle;

    JCudaModule(CUmodule handle) {
      this.handle = handle;
    }

    @Override
    public Function function(String entry) {
      enter();
      CUfunction function = new CUfunction();
      check("cuModuleGetFunction", JCudaDriver.cuModuleGetFunction(function, handle, entry), entry);
      return new JCudaFunction(function, entry);
    }

    @Override
    public void close() {
      enter();
      check("cuModuleUnload", JCudaDriver.cuModuleUnload(handle), "");
      hold(MODULES, -1);
    }
  }

  private final class JCudaFunction implements Function {
    final CUfunction handle;
    private final String entry;

    JCudaFunction(CUfunction handle, String entry) {
      this.handle = handle;
      this.entry = entry;
    }

    @Override
    public String entry() {
      return entry;
    }

    @Override
    public int attribute(FunctionAttribute attribute) {
      enter();
      int[] value = {0};
      check(
          "cuFuncGetAttribute",
          JCudaDriver.cuFuncGetAttribute(value, attribute.code(), handle),
          entry + " " + attribute);
      return value[0];
    }

    @Override
    public void allowDynamicShared(int bytes) {
      enter();
      check(
          "cuFuncSetAttribute",
          JCudaDriver.cuFuncSetAttribute(
              handle, FunctionAttribute.MAX_DYNAMIC_SHARED_BYTES.code(), bytes),
          entry + ": " + bytes + " bytes of dynamic shared memory");
    }
  }
}
