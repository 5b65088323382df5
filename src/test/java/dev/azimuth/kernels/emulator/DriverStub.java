package dev.azimuth.kernels.emulator;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.azimuth.kernels.CudaDriver;
import dev.azimuth.kernels.CudaException;
import dev.azimuth.kernels.DeviceAttribute;
import dev.azimuth.kernels.DevicePointer;
import dev.azimuth.kernels.Dim3;
import dev.azimuth.kernels.FunctionAttribute;
import dev.azimuth.kernels.KernelArgument;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUresult;

/**
 * The driver's functions, as C calls them, over an emulator: what {@code libcuda_stub.c} hands on.
 *
 * <p>One device. As the driver does, it answers {@code CUDA_ERROR_INVALID_CONTEXT} on a thread that
 * has made no context current, and {@code CUDA_ERROR_INVALID_HANDLE} for what it didn't give out.
 */
@SuppressWarnings({"restricted", "UnusedMethod", "UnusedVariable"}) // C's names and signatures
public final class DriverStub {
  /** The milliseconds between any two events. */
  public static final float ELAPSED = 1.25f;

  private static final Linker LINKER = Linker.nativeLinker();

  private final Supplier<EmulatedDriver> devices;
  private final List<EmulatedDriver> drivers = new ArrayList<>();
  private final Map<Long, Object> handles = new HashMap<>();
  private final Map<Long, MemorySegment> pinned = new HashMap<>();
  private final List<Throwable> unexpected = new ArrayList<>();
  private final ThreadLocal<Long> current = ThreadLocal.withInitial(() -> 0L);
  private EmulatedDriver driver;
  private long lastHandle = 0x1000;

  /** Over a device, new with every context. */
  public DriverStub(Supplier<EmulatedDriver> devices) {
    this.devices = devices;
    driver = devices.get();
  }

  /** What the emulators found wrong. */
  public List<String> findings() {
    return drivers.stream().flatMap(each -> each.findings().stream()).toList();
  }

  /** What went wrong besides what a driver may answer. */
  public List<Throwable> unexpected() {
    return List.copyOf(unexpected);
  }

  /** Binds every function of this class to its namesake in the compiled stub. */
  public void bind(Path library) throws Throwable {
    SymbolLookup stub = SymbolLookup.libraryLookup(library, Arena.global());
    MethodHandle bind =
        LINKER.downcallHandle(
            stub.findOrThrow("azimuth_bind"), FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    for (Method method : DriverStub.class.getDeclaredMethods()) {
      if (method.getName().startsWith("cu")) {
        MemorySegment name = Arena.global().allocateFrom(method.getName());
        if ((int) bind.invokeExact(name, entry(method)) == 0) {
          throw new AssertionError("the stub has no " + method.getName());
        }
      }
    }
  }

  /** A C function that calls the method and answers what it throws as a result. */
  private MemorySegment entry(Method method) throws IllegalAccessException {
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    MethodHandle call = lookup.unreflect(method).bindTo(this);
    MethodHandle answer;
    try {
      answer =
          lookup
              .findVirtual(
                  DriverStub.class, "answer", MethodType.methodType(int.class, Throwable.class))
              .bindTo(this);
    } catch (NoSuchMethodException e) {
      throw new AssertionError(e);
    }
    call = MethodHandles.catchException(call, Throwable.class, answer);
    FunctionDescriptor signature =
        FunctionDescriptor.of(
            JAVA_INT,
            Arrays.stream(method.getParameterTypes())
                .map(
                    type ->
                        type == long.class ? JAVA_LONG : type == byte.class ? JAVA_BYTE : JAVA_INT)
                .toArray(MemoryLayout[]::new));
    return LINKER.upcallStub(call, signature, Arena.global());
  }

  private int answer(Throwable failure) {
    if (failure instanceof CudaException e) {
      return code(e.result());
    }
    unexpected.add(failure);
    return CUresult.CUDA_ERROR_UNKNOWN;
  }

  private static int code(String result) {
    try {
      return CUresult.class.getField(result).getInt(null);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("no result of the driver's is called " + result, e);
    }
  }

  private static CudaException refusal(String call, String result) {
    return new CudaException(call, result, "stub");
  }

  private long handle(Object value) {
    handles.put(++lastHandle, value);
    return lastHandle;
  }

  private <T> T of(Class<T> type, long handle) {
    requireContext();
    Object value = handles.get(handle);
    if (!type.isInstance(value)) {
      throw refusal(type.getSimpleName(), "CUDA_ERROR_INVALID_HANDLE");
    }
    return type.cast(value);
  }

  private void requireContext() {
    if (current.get() == 0) {
      throw refusal("any", "CUDA_ERROR_INVALID_CONTEXT");
    }
  }

  /** Memory of the host's, at an address that C gave. */
  private static MemorySegment host(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  private static void put(long address, int value) {
    host(address, Integer.BYTES).set(JAVA_INT, 0, value);
  }

  private static void put(long address, long value) {
    host(address, Long.BYTES).set(JAVA_LONG, 0, value);
  }

  private CudaDriver.Stream stream(long handle) {
    return of(CudaDriver.Stream.class, handle);
  }

  // ---- what C calls: pointers and handles are long, all else as the driver's header has it

  private int cuInit(int flags) {
    return flags == 0 ? CUresult.CUDA_SUCCESS : CUresult.CUDA_ERROR_INVALID_VALUE;
  }

  private int cuDeviceGetCount(long count) {
    put(count, 1);
    return CUresult.CUDA_SUCCESS;
  }

  private int cuDeviceGet(long device, int ordinal) {
    if (ordinal != 0) {
      return CUresult.CUDA_ERROR_INVALID_DEVICE;
    }
    put(device, 0);
    return CUresult.CUDA_SUCCESS;
  }

  private int cuDeviceGetName(long name, int length, int device) {
    host(name, length).setString(0, driver.name());
    return CUresult.CUDA_SUCCESS;
  }

  private int cuDeviceGetAttribute(long value, int attribute, int device) {
    for (DeviceAttribute known : DeviceAttribute.values()) {
      if (known.code() == attribute) {
        put(value, driver.attribute(known));
        return CUresult.CUDA_SUCCESS;
      }
    }
    return CUresult.CUDA_ERROR_INVALID_VALUE;
  }

  private int cuCtxCreate_v2(long context, int flags, int device) {
    driver = devices.get();
    drivers.add(driver);
    current.set(handle("context"));
    put(context, current.get());
    return CUresult.CUDA_SUCCESS;
  }

  private int cuCtxSetCurrent(long context) {
    if (!"context".equals(handles.get(context))) {
      return CUresult.CUDA_ERROR_INVALID_CONTEXT;
    }
    current.set(context);
    return CUresult.CUDA_SUCCESS;
  }

  private int cuCtxSynchronize() {
    requireContext();
    driver.synchronize();
    return CUresult.CUDA_SUCCESS;
  }

  private int cuCtxDestroy_v2(long context) {
    if (!"context".equals(handles.remove(context))) {
      return CUresult.CUDA_ERROR_INVALID_CONTEXT;
    }
    driver.close();
    current.remove();
    return CUresult.CUDA_SUCCESS;
  }

  private int cuMemGetInfo_v2(long available, long total) {
    requireContext();
    put(available, driver.memory().freeBytes());
    put(total, driver.memory().totalBytes());
    return CUresult.CUDA_SUCCESS;
  }

  private int cuMemAlloc_v2(long pointer, long bytes) {
    requireContext();
    put(pointer, driver.allocate(bytes).address());
    return CUresult.CUDA_SUCCESS;
  }

  private int cuMemFree_v2(long pointer) {
    requireContext();
    driver.free(new DevicePointer(pointer));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuMemHostAlloc(long pointer, long bytes, int flags) {
    requireContext();
    MemorySegment segment = driver.allocatePinned(bytes);
    pinned.put(segment.address(), segment);
    put(pointer, segment.address());
    return CUresult.CUDA_SUCCESS;
  }

  private int cuMemFreeHost(long pointer) {
    requireContext();
    MemorySegment segment = pinned.remove(pointer);
    if (segment == null) {
      return CUresult.CUDA_ERROR_INVALID_VALUE;
    }
    driver.freePinned(segment);
    return CUresult.CUDA_SUCCESS;
  }

  private int cuMemcpyHtoDAsync_v2(long to, long from, long bytes, long stream) {
    driver.copyToDevice(new DevicePointer(to), host(from, bytes), stream(stream));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuMemcpyDtoHAsync_v2(long to, long from, long bytes, long stream) {
    driver.copyToHost(host(to, bytes), new DevicePointer(from), stream(stream));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuMemcpyDtoDAsync_v2(long to, long from, long bytes, long stream) {
    driver.copyOnDevice(new DevicePointer(to), new DevicePointer(from), bytes, stream(stream));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuMemsetD8Async(long to, byte value, long bytes, long stream) {
    driver.fill(new DevicePointer(to), value, bytes, stream(stream));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuModuleLoadDataEx(long module, long image, int count, long options, long values) {
    requireContext();
    String ptx = MemorySegment.ofAddress(image).reinterpret(Long.MAX_VALUE).getString(0);
    try {
      put(module, handle(driver.load("module", ptx)));
      return CUresult.CUDA_SUCCESS;
    } catch (CudaException e) {
      log(String.valueOf(e.getMessage()), count, options, values);
      return code(e.result());
    }
  }

  /** Writes into the buffer that the options name, as much as it holds. */
  private static void log(String message, int count, long options, long values) {
    long buffer = 0;
    long size = 0;
    for (int i = 0; i < count; i++) {
      int option = host(options, 4L * count).getAtIndex(JAVA_INT, i);
      long value = host(values, 8L * count).getAtIndex(JAVA_LONG, i);
      switch (option) {
        case CUjit_option.CU_JIT_ERROR_LOG_BUFFER -> buffer = value;
        case CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES -> size = value & 0xFFFFFFFFL;
        default -> throw new AssertionError("JIT option " + option);
      }
    }
    if (size > 0) {
      String held = message.substring(0, (int) Math.min(message.length(), size - 1));
      host(buffer, size).setString(0, held);
    }
  }

  private int cuModuleUnload(long module) {
    of(CudaDriver.Module.class, module).close();
    handles.remove(module);
    return CUresult.CUDA_SUCCESS;
  }

  private int cuModuleGetFunction(long function, long module, long name) {
    String entry = MemorySegment.ofAddress(name).reinterpret(Long.MAX_VALUE).getString(0);
    put(function, handle(of(CudaDriver.Module.class, module).function(entry)));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuFuncGetAttribute(long value, int attribute, long function) {
    for (FunctionAttribute known : FunctionAttribute.values()) {
      if (known.code() == attribute) {
        put(value, of(CudaDriver.Function.class, function).attribute(known));
        return CUresult.CUDA_SUCCESS;
      }
    }
    return CUresult.CUDA_ERROR_INVALID_VALUE;
  }

  private int cuFuncSetAttribute(long function, int attribute, int value) {
    if (attribute != FunctionAttribute.MAX_DYNAMIC_SHARED_BYTES.code()) {
      return CUresult.CUDA_ERROR_INVALID_VALUE;
    }
    of(CudaDriver.Function.class, function).allowDynamicShared(value);
    return CUresult.CUDA_SUCCESS;
  }

  private int cuLaunchKernel(
      long function,
      int gridX,
      int gridY,
      int gridZ,
      int blockX,
      int blockY,
      int blockZ,
      int sharedBytes,
      long stream,
      long params,
      long extra) {
    EmulatedModule.EmulatedFunction kernel = of(EmulatedModule.EmulatedFunction.class, function);
    if (extra != 0) {
      return CUresult.CUDA_ERROR_NOT_SUPPORTED;
    }
    driver.launch(
        kernel,
        new Dim3(gridX, gridY, gridZ),
        new Dim3(blockX, blockY, blockZ),
        sharedBytes,
        stream(stream),
        arguments(kernel.program().kernel().params(), params));
    return CUresult.CUDA_SUCCESS;
  }

  /** As many values as the kernel has parameters, each behind a pointer, as the driver reads. */
  private static List<KernelArgument> arguments(List<PtxKernel.Param> params, long pointers) {
    List<KernelArgument> arguments = new ArrayList<>();
    for (int i = 0; i < params.size(); i++) {
      PtxType type = params.get(i).type();
      long pointer = host(pointers, 8L * params.size()).getAtIndex(JAVA_LONG, i);
      MemorySegment value = host(pointer, type.bytes());
      arguments.add(
          switch (type) {
            case F32 -> new KernelArgument.F32(value.get(JAVA_FLOAT, 0));
            case F64 -> new KernelArgument.F64(Double.longBitsToDouble(value.get(JAVA_LONG, 0)));
            default ->
                type.wide()
                    ? new DevicePointer(value.get(JAVA_LONG, 0))
                    : new KernelArgument.I32(value.get(JAVA_INT, 0));
          });
    }
    return arguments;
  }

  private int cuStreamCreate(long stream, int flags) {
    requireContext();
    put(stream, handle(driver.stream()));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuStreamSynchronize(long stream) {
    stream(stream).synchronize();
    return CUresult.CUDA_SUCCESS;
  }

  private int cuStreamWaitEvent(long stream, long event, int flags) {
    stream(stream).await(of(CudaDriver.Event.class, event));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuStreamDestroy_v2(long stream) {
    stream(stream).close();
    handles.remove(stream);
    return CUresult.CUDA_SUCCESS;
  }

  private int cuEventCreate(long event, int flags) {
    requireContext();
    put(event, handle(driver.event()));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuEventRecord(long event, long stream) {
    of(CudaDriver.Event.class, event).record(stream(stream));
    return CUresult.CUDA_SUCCESS;
  }

  private int cuEventSynchronize(long event) {
    of(CudaDriver.Event.class, event).synchronize();
    return CUresult.CUDA_SUCCESS;
  }

  /** Not the emulator's 0, so that the number is seen to arrive. */
  private int cuEventElapsedTime(long milliseconds, long start, long end) {
    of(CudaDriver.Event.class, end).millisecondsSince(of(CudaDriver.Event.class, start));
    host(milliseconds, Float.BYTES).set(JAVA_FLOAT, 0, ELAPSED);
    return CUresult.CUDA_SUCCESS;
  }

  private int cuEventDestroy_v2(long event) {
    of(CudaDriver.Event.class, event).close();
    handles.remove(event);
    return CUresult.CUDA_SUCCESS;
  }
}
