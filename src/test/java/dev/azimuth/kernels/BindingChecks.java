package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.kernels.emulator.DriverStub;
import dev.azimuth.kernels.emulator.EmulatedDriver;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;

/**
 * {@link JCudaDevice} through JCuda's real natives, for a JVM whose {@code libcuda.so.1} is the
 * stub: {@link StubbedBindingTest} starts one. Says each check and ends with status 1 at the first
 * that fails.
 */
final class BindingChecks {
  private static final long MEMORY = 64 << 20;
  private static final int BYTES = 4096;

  private static final String EVERY_TYPE =
      """
      .version 7.0
      .target sm_80
      .address_size 64
      .visible .entry every_type(
        .param .u64 p,
        .param .u32 a,
        .param .u64 b,
        .param .f32 c,
        .param .f64 d
      )
      {
      .reg .b32 %r<2>;
      .reg .b64 %rd<4>;
      .reg .f32 %f<2>;
      .reg .f64 %fd<2>;
      ld.param.u64 %rd1, [p];
      cvta.to.global.u64 %rd2, %rd1;
      ld.param.u32 %r1, [a];
      st.global.u32 [%rd2], %r1;
      ld.param.f32 %f1, [c];
      st.global.f32 [%rd2+4], %f1;
      ld.param.u64 %rd3, [b];
      st.global.u64 [%rd2+8], %rd3;
      ld.param.f64 %fd1, [d];
      st.global.f64 [%rd2+16], %fd1;
      ret;
      }
      """;

  private final DriverStub stub;

  private BindingChecks(DriverStub stub) {
    this.stub = stub;
  }

  /** A check that may fail in any way. */
  private interface Check {
    void run() throws Exception;
  }

  /** One argument: the stub's library. */
  public static void main(String... args) throws Throwable {
    DriverStub stub = new DriverStub(() -> new EmulatedDriver(MEMORY));
    stub.bind(Path.of(args[0]));
    new BindingChecks(stub).run();
    System.exit(0);
  }

  private void run() throws Exception {
    Map<String, Check> checks = new LinkedHashMap<>();
    checks.put("attributes", this::attributesArrive);
    checks.put("devices", this::devicesAreCounted);
    checks.put("logs", this::aRefusedModuleComesWithItsLog);
    checks.put("functions", this::functionsTellAndTakeAttributes);
    checks.put("parameters", this::parametersOfEveryTypeArrive);
    checks.put("copies", this::copiesGoBothWaysAndAcross);
    checks.put("events", this::eventsOrderStreams);
    checks.put("errors", this::errorsBearTheirNames);
    checks.put("memory", this::outOfMemoryLeavesTheContextUsable);
    checks.put("threads", this::anyThreadMayUseTheDevice);
    checks.put("provider", this::theProviderFindsTheDevice);
    checks.put("leaks", this::whatIsNeverFreedIsFound);
    checks.put("model", this::aWholeModelHasTheEmulatorsBits);
    for (Map.Entry<String, Check> check : checks.entrySet()) {
      int before = stub.findings().size();
      try {
        check.getValue().run();
        List<String> findings = stub.findings();
        assertEquals(
            check.getKey().equals("leaks") ? 3 : 0, findings.size() - before, findings::toString);
        assertEquals(List.of(), stub.unexpected());
      } catch (Throwable e) {
        throw new AssertionError(check.getKey(), e);
      }
      System.out.println("ok " + check.getKey());
    }
  }

  private void attributesArrive() {
    try (CudaDriver emulator = new EmulatedDriver(MEMORY);
        CudaDriver cuda = JCudaDevice.open(0)) {
      assertEquals(emulator.name(), cuda.name());
      for (DeviceAttribute attribute : DeviceAttribute.values()) {
        assertEquals(emulator.attribute(attribute), cuda.attribute(attribute), attribute.name());
      }
      assertEquals(new CudaDriver.MemoryInfo(MEMORY, MEMORY), cuda.memory());
    }
  }

  private void devicesAreCounted() {
    CudaUnavailableException refusal =
        assertThrows(CudaUnavailableException.class, () -> JCudaDevice.open(1));
    assertEquals("no device cuda:1: the driver has 1 devices", refusal.getMessage());
  }

  private void aRefusedModuleComesWithItsLog() {
    try (CudaDriver cuda = JCudaDevice.open(0)) {
      CudaException refusal =
          assertThrows(CudaException.class, () -> cuda.load("bad.ptx", ".version 7.0\n.frob\n"));
      assertEquals("CUDA_ERROR_INVALID_PTX", refusal.result());
      assertTrue(refusal.getMessage().contains("bad.ptx: "), refusal.getMessage());
      assertTrue(refusal.getMessage().contains("PTX line 2"), refusal.getMessage());
    }
  }

  private void functionsTellAndTakeAttributes() {
    try (CudaDriver emulator = new EmulatedDriver(MEMORY);
        CudaDriver cuda = JCudaDevice.open(0);
        CudaDriver.Module module = cuda.load("types.ptx", EVERY_TYPE);
        CudaDriver.Module same = emulator.load("types.ptx", EVERY_TYPE)) {
      CudaDriver.Function function = module.function("every_type");
      assertEquals("every_type", function.entry());
      function.allowDynamicShared(100_000);
      same.function("every_type").allowDynamicShared(100_000);
      for (FunctionAttribute attribute : FunctionAttribute.values()) {
        assertEquals(
            same.function("every_type").attribute(attribute),
            function.attribute(attribute),
            attribute.name());
      }
      assertEquals(
          "CUDA_ERROR_NOT_FOUND",
          assertThrows(CudaException.class, () -> module.function("nobody")).result());
      assertThrows(CudaException.class, () -> function.allowDynamicShared(1 << 20));
    }
  }

  private void parametersOfEveryTypeArrive() {
    try (CudaDriver cuda = JCudaDevice.open(0);
        CudaDriver.Module module = cuda.load("types.ptx", EVERY_TYPE);
        CudaDriver.Stream stream = cuda.stream()) {
      DevicePointer out = cuda.allocate(24);
      MemorySegment host = cuda.allocatePinned(24);
      cuda.launch(
          module.function("every_type"),
          Dim3.of(1),
          Dim3.of(1),
          0,
          stream,
          List.of(
              out,
              new KernelArgument.I32(0x89ABCDEF),
              new KernelArgument.I64(0x0123456789ABCDEFL),
              new KernelArgument.F32(-1.5f),
              new KernelArgument.F64(Math.PI)));
      cuda.copyToHost(host, out, stream);
      stream.synchronize();
      assertEquals(0x89ABCDEF, host.get(ValueLayout.JAVA_INT, 0));
      assertEquals(-1.5f, host.get(ValueLayout.JAVA_FLOAT, 4));
      assertEquals(0x0123456789ABCDEFL, host.get(ValueLayout.JAVA_LONG, 8));
      assertEquals(Math.PI, host.get(ValueLayout.JAVA_DOUBLE, 16));
      cuda.freePinned(host);
      cuda.free(out);
    }
  }

  private void copiesGoBothWaysAndAcross() {
    try (CudaDriver cuda = JCudaDevice.open(0);
        CudaDriver.Stream stream = cuda.stream()) {
      MemorySegment host = cuda.allocatePinned(2 * BYTES);
      DevicePointer a = cuda.allocate(BYTES);
      DevicePointer b = cuda.allocate(BYTES);
      MemorySegment sent = host.asSlice(256, BYTES - 256);
      MemorySegment received = host.asSlice(BYTES, BYTES);
      for (int i = 0; i < sent.byteSize(); i++) {
        sent.set(ValueLayout.JAVA_BYTE, i, (byte) (7 * i));
      }
      cuda.fill(a, (byte) 0xAB, BYTES, stream);
      cuda.copyToDevice(a.plus(256), sent, stream);
      cuda.copyOnDevice(b, a, BYTES, stream);
      cuda.copyToHost(received, b, stream);
      stream.synchronize();
      assertEquals((byte) 0xAB, received.get(ValueLayout.JAVA_BYTE, 255));
      assertEquals(-1, received.asSlice(256).mismatch(sent));
      cuda.free(a);
      cuda.free(b);
      cuda.freePinned(host);
    }
  }

  private void eventsOrderStreams() {
    try (CudaDriver cuda = JCudaDevice.open(0);
        CudaDriver.Stream first = cuda.stream();
        CudaDriver.Stream second = cuda.stream();
        CudaDriver.Event begin = cuda.event();
        CudaDriver.Event end = cuda.event()) {
      DevicePointer x = cuda.allocate(BYTES);
      MemorySegment host = cuda.allocatePinned(BYTES);
      begin.record(first);
      cuda.fill(x, (byte) 3, BYTES, first);
      end.record(first);
      second.await(end);
      cuda.copyToHost(host, x, second);
      second.synchronize();
      assertEquals((byte) 3, host.get(ValueLayout.JAVA_BYTE, BYTES - 1));
      end.synchronize();
      assertEquals(DriverStub.ELAPSED, end.millisecondsSince(begin));
      cuda.freePinned(host);
      cuda.free(x);
    }
  }

  private void errorsBearTheirNames() {
    try (CudaDriver cuda = JCudaDevice.open(0);
        CudaDriver.Stream stream = cuda.stream();
        CudaDriver.Module module = cuda.load("types.ptx", EVERY_TYPE)) {
      CudaException wrong =
          assertThrows(CudaException.class, () -> cuda.free(new DevicePointer(0x1234)));
      assertEquals("cuMemFree: CUDA_ERROR_INVALID_VALUE (0x1234)", wrong.getMessage());
      CudaException launch =
          assertThrows(
              CudaException.class,
              () ->
                  cuda.launch(
                      module.function("every_type"),
                      Dim3.of(1, 70_000),
                      Dim3.of(1),
                      0,
                      stream,
                      List.of(
                          DevicePointer.NULL,
                          new KernelArgument.I32(0),
                          new KernelArgument.I64(0),
                          new KernelArgument.F32(0),
                          new KernelArgument.F64(0))));
      assertEquals("cuLaunchKernel", launch.call());
      assertEquals("CUDA_ERROR_INVALID_VALUE", launch.result());
    }
  }

  private void outOfMemoryLeavesTheContextUsable() {
    try (CudaDriver cuda = JCudaDevice.open(0)) {
      CudaException refusal = assertThrows(CudaException.class, () -> cuda.allocate(MEMORY + 1));
      assertTrue(refusal.outOfMemory(), refusal.getMessage());
      DevicePointer all = cuda.allocate(MEMORY);
      assertEquals(0, cuda.memory().freeBytes());
      cuda.free(all);
    }
  }

  /** Each begins with a call that has no context yet. */
  private void anyThreadMayUseTheDevice() throws InterruptedException {
    try (CudaDriver cuda = JCudaDevice.open(0);
        CudaDriver.Module module = cuda.load("types.ptx", EVERY_TYPE);
        CudaDriver.Stream stream = cuda.stream();
        CudaDriver.Event event = cuda.event()) {
      elsewhere(stream::synchronize);
      elsewhere(() -> event.record(stream));
      elsewhere(event::synchronize);
      elsewhere(() -> stream.await(event));
      elsewhere(() -> event.millisecondsSince(event));
      elsewhere(() -> module.function("every_type"));
      CudaDriver.Function function = module.function("every_type");
      elsewhere(() -> function.attribute(FunctionAttribute.REGISTERS));
      elsewhere(() -> function.allowDynamicShared(0));
      elsewhere(cuda::synchronize);
      elsewhere(cuda::memory);
      elsewhere(() -> cuda.event().close());
      elsewhere(() -> cuda.stream().close());
      elsewhere(() -> cuda.load("types.ptx", EVERY_TYPE).close());
    }
  }

  private static void elsewhere(Runnable use) throws InterruptedException {
    Throwable[] failure = {null};
    Thread thread = new Thread(use);
    thread.setUncaughtExceptionHandler((_, e) -> failure[0] = e);
    thread.start();
    thread.join();
    if (failure[0] != null) {
      throw new AssertionError("on a thread of its own", failure[0]);
    }
  }

  private void theProviderFindsTheDevice() {
    try (Backend cuda = new CudaBackendProvider().open(0)) {
      assertTrue(
          cuda.description().startsWith("cuda:0: PTX emulator, compute capability 8.0"),
          cuda.description());
      // the libraries of CUDA 12 are not on this machine, or find no card
      assertTrue(cuda.description().contains("cuBLAS isn't used: "), cuda.description());
    }
    try (Backend cuda = new OwnCudaBackendProvider().open(0)) {
      assertTrue(cuda.description().endsWith("; our own kernels alone"), cuda.description());
    }
  }

  /** Device memory, pinned memory, a stream and an event: three findings, and a line in the log. */
  private void whatIsNeverFreedIsFound() {
    List<String> logged = new ArrayList<>();
    Handler listening =
        new StreamHandler() {
          @Override
          public void publish(LogRecord line) {
            logged.add(line.getMessage());
          }
        };
    Logger log = Logger.getLogger(JCudaDevice.class.getName());
    log.addHandler(listening);
    try (CudaDriver cuda = JCudaDevice.open(0)) {
      cuda.allocate(16);
      cuda.allocatePinned(16);
      cuda.stream();
      cuda.event();
    } finally {
      log.removeHandler(listening);
    }
    assertEquals(
        List.of(
            "PTX emulator closes and these were never given back: "
                + "{allocations=1, events=1, pinned segments=1, streams=1}"),
        logged);
  }

  private void aWholeModelHasTheEmulatorsBits() {
    Map<String, float[]> wanted = new LinkedHashMap<>();
    Map<String, float[]> got = new LinkedHashMap<>();
    synthesize(new EmulatedDriver(MEMORY), wanted);
    synthesize(JCudaDevice.open(0), got);
    assertEquals(wanted.keySet(), got.keySet());
    wanted.forEach((name, values) -> assertArrayEquals(values, got.get(name), name));
  }

  private static void synthesize(CudaDriver driver, Map<String, float[]> results) {
    try (CudaBackend cuda = new CudaBackend("cuda:0", driver)) {
      Map<String, Tensor> made = new SmallModel(cuda, DType.FLOAT32).synthesis();
      made.forEach((name, x) -> results.put(name, x.toFloats()));
    }
  }
}
