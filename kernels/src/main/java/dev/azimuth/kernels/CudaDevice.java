package dev.azimuth.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One device with its one stream, its memory and the kernels loaded so far. */
final class CudaDevice {
  /** Dynamic shared memory that a launch may have without asking. */
  private static final int SHARED_BYTES = 48 * 1024;

  private final CudaDriver driver;
  private final CudaDriver.Stream stream;
  private final DeviceMemory memory;
  private final Staging staging;
  private final Gemm.Probe library;
  private final Map<String, CudaDriver.Module> modules = new HashMap<>();
  private final Map<KernelSpec, CudaDriver.Function> functions = new HashMap<>();

  /**
   * Takes {@code driver} and {@code library} over, to close them; messages call the device {@code
   * name}.
   */
  CudaDevice(String name, CudaDriver driver, Gemm.Probe library) {
    this.driver = driver;
    this.library = library;
    stream = driver.stream();
    memory = new DeviceMemory(name, driver);
    staging = new Staging(driver, stream);
  }

  DeviceMemory memory() {
    return memory;
  }

  Staging staging() {
    return staging;
  }

  /** A library's matrix products, or null. */
  @Nullable Gemm gemm() {
    return library.gemm();
  }

  CudaDriver.Stream stream() {
    return stream;
  }

  /** Queues a kernel on {@code blocks} blocks of its spec's size; none do nothing. */
  void launch(KernelSpec spec, long blocks, int sharedBytes, Object... arguments) {
    List<KernelArgument> values = spec.arguments(arguments);
    if (blocks == 0) {
      return;
    }
    CudaDriver.Function function = functions.computeIfAbsent(spec, this::load);
    if (sharedBytes > SHARED_BYTES) {
      function.allowDynamicShared(sharedBytes);
    }
    driver.launch(
        function,
        Dim3.of(Math.toIntExact(blocks)),
        Dim3.of(spec.blockSize()),
        sharedBytes,
        stream,
        values);
  }

  private CudaDriver.Function load(KernelSpec spec) {
    return modules
        .computeIfAbsent(spec.ptx(), name -> driver.load(name, text(name)))
        .function(spec.entry());
  }

  private static String text(String resource) {
    try (InputStream in = CudaDevice.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalStateException(
            resource + ": no such resource; kernels/build-ptx makes it from the .cu beside it");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Queues the setting of {@code bytes} bytes to 0. */
  void clear(DevicePointer pointer, long bytes) {
    if (bytes > 0) {
      driver.fill(pointer, (byte) 0, bytes, stream);
    }
  }

  /** Its name, its size, what its memory is used for, and which library helps. */
  String description() {
    return "%s, compute capability %d.%d, %d multiprocessors; %s; %s"
        .formatted(
            driver.name(),
            driver.attribute(DeviceAttribute.COMPUTE_CAPABILITY_MAJOR),
            driver.attribute(DeviceAttribute.COMPUTE_CAPABILITY_MINOR),
            driver.attribute(DeviceAttribute.MULTIPROCESSOR_COUNT),
            memory.report(),
            library.report());
  }

  void synchronize() {
    stream.synchronize();
  }

  /** Gives everything back; returns how many buffers were still in use. */
  int close() {
    synchronize();
    staging.close();
    if (library.gemm() != null) {
      library.gemm().close();
    }
    int held = memory.close();
    modules.values().forEach(CudaDriver.Module::close);
    stream.close();
    driver.close();
    return held;
  }
}
