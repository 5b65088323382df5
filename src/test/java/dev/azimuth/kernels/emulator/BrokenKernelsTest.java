package dev.azimuth.kernels.emulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.kernels.CudaDriver;
import dev.azimuth.kernels.CudaException;
import dev.azimuth.kernels.DevicePointer;
import dev.azimuth.kernels.Dim3;
import dev.azimuth.kernels.KernelArgument;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each check of the emulator fires for the kernel or host that is wrong in its way, and alone. */
final class BrokenKernelsTest {
  private static final int FLOATS = 64;
  private static final int BYTES = 4 * FLOATS;

  private EmulatedDriver driver;
  private CudaDriver.Stream stream;
  private CudaDriver.Module module;
  private Arena arena;
  private MemorySegment host;
  private DevicePointer in;
  private DevicePointer out;

  @BeforeEach
  void openDevice() throws IOException {
    driver = new EmulatedDriver(1L << 20);
    stream = driver.stream();
    try (InputStream ptx = BrokenKernelsTest.class.getResourceAsStream("/kernels/broken.ptx")) {
      module = driver.load("broken", new String(ptx.readAllBytes(), StandardCharsets.UTF_8));
    }
    arena = Arena.ofConfined();
    host = arena.allocate(BYTES, 4);
    for (int i = 0; i < FLOATS; i++) {
      host.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
    }
    in = driver.allocate(BYTES);
    out = driver.allocate(BYTES);
    driver.copyToDevice(in, host, stream);
    stream.synchronize();
  }

  @AfterEach
  void closeArena() {
    arena.close();
  }

  private void run(String entry) {
    driver.launch(module.function(entry), Dim3.of(1), Dim3.of(FLOATS), 0, stream, List.of(in, out));
    stream.synchronize();
  }

  private void closeDevice() {
    driver.free(in);
    driver.free(out);
    module.close();
    stream.close();
    driver.close();
  }

  private Set<Finding.Kind> kinds() {
    return driver.findingList().stream().map(Finding::kind).collect(Collectors.toSet());
  }

  @ParameterizedTest
  @CsvSource({
    "out_of_bounds, OUT_OF_BOUNDS, broken.cu:17",
    "before_the_start, OUT_OF_BOUNDS, broken.cu:21",
    "out_of_shared, OUT_OF_BOUNDS, broken.cu:27",
    "misaligned, MISALIGNED, broken.cu:34",
    "uninitialised_global, UNINITIALISED, broken.cu:39",
    "uninitialised_shared, UNINITIALISED, broken.cu:46",
    "race_of_warps, SHARED_RACE, broken.cu:55",
    "race_of_lanes, SHARED_RACE, broken.cu:64",
    "race_of_writers, SHARED_RACE, broken.cu:70",
    "divergent_barrier, DIVERGENT_BARRIER, broken.cu:77",
    "different_barriers, DIVERGENT_BARRIER, broken.cu:86",
    "inactive_lane, INACTIVE_LANE, broken.cu:97",
    "inactive_vote, INACTIVE_LANE, broken.cu:131",
    "inactive_reduction, INACTIVE_LANE, broken.cu:139",
    "inactive_at_warp_barrier, INACTIVE_LANE, broken.cu:147",
    "outside_its_mask, INACTIVE_LANE, broken.cu:155",
    "no_wait, ASYNC_COPY_NOT_AWAITED, broken.cu:108",
  })
  void aBrokenKernelIsCaughtByItsCheckAlone(String entry, Finding.Kind kind, String source) {
    run(entry);
    closeDevice();
    assertEquals(Set.of(kind), kinds(), () -> driver.findings().toString());
    assertTrue(
        driver.findingList().stream().anyMatch(finding -> finding.source().equals(source)),
        () -> driver.findings().toString());
  }

  @ParameterizedTest
  @CsvSource({"right", "waits", "bank_conflicts"})
  void aRightKernelIsNot(String entry) {
    run(entry);
    closeDevice();
    assertEquals(List.of(), driver.findings());
  }

  @Test
  void theRightKernelComputesItsSums() {
    run("right");
    driver.copyToHost(host, out, stream);
    stream.synchronize();
    // Thread t reads 63 - t; warp 0 sums 32 + … + 63, warp 1 sums 0 + … + 31.
    assertEquals(1520f, host.getAtIndex(ValueLayout.JAVA_FLOAT, 0));
    assertEquals(496f, host.getAtIndex(ValueLayout.JAVA_FLOAT, 63));
  }

  @Test
  void bankConflictsAreCounted() {
    run("bank_conflicts");
    // Two warps store and load with all 32 lanes on one bank: 31 passes too many each.
    assertEquals(4 * 31, driver.counters().get("bank_conflicts").totalBankConflicts());
    run("right");
    assertEquals(0, driver.counters().get("right").totalBankConflicts());
    assertEquals(1.0, driver.counters().get("right").sectorEfficiency());
  }

  @Test
  void useAfterFreeIsCaught() {
    DevicePointer gone = driver.allocate(BYTES);
    driver.free(gone);
    driver.launch(
        module.function("right"), Dim3.of(1), Dim3.of(FLOATS), 0, stream, List.of(gone, out));
    stream.synchronize();
    closeDevice();
    assertEquals(Set.of(Finding.Kind.USE_AFTER_FREE), kinds());
  }

  @Test
  void aLeakIsCaught() {
    driver.allocate(16);
    closeDevice();
    assertEquals(Set.of(Finding.Kind.LEAK), kinds());
  }

  @Test
  void aHostThatDoesNotAwaitItsUploadIsCaught() {
    driver.copyToDevice(in, host, stream);
    host.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 99);
    closeDevice();
    assertEquals(Set.of(Finding.Kind.HOST_COPY_NOT_AWAITED), kinds());
  }

  @Test
  void aDownloadIsPoisonUntilItIsAwaited() {
    driver.copyToHost(host, in, stream);
    assertTrue(Float.isNaN(host.getAtIndex(ValueLayout.JAVA_FLOAT, 1)));
    stream.synchronize();
    assertEquals(1f, host.getAtIndex(ValueLayout.JAVA_FLOAT, 1));
  }

  @Test
  void anEventOrdersStreams() {
    CudaDriver.Stream other = driver.stream();
    CudaDriver.Event uploaded = driver.event();
    driver.fill(out, (byte) 0, BYTES, stream);
    uploaded.record(stream);
    other.await(uploaded);
    driver.copyToHost(host, out, other);
    other.synchronize();
    assertEquals(0f, host.getAtIndex(ValueLayout.JAVA_FLOAT, 63));
    assertEquals(List.of(), driver.findings());
  }

  @Test
  void launchesBeyondTheLimitsAreRefused() {
    CudaDriver.Function right = module.function("right");
    List<KernelArgument> good = List.of(in, out);
    refused(right, Dim3.of(1), Dim3.of(96), 0, good);
    refused(right, Dim3.of(1, 65536), Dim3.of(FLOATS), 0, good);
    refused(right, Dim3.of(1), Dim3.of(FLOATS), 48 * 1024, good);
    refused(right, Dim3.of(1), Dim3.of(FLOATS), 0, List.of(in));
    refused(right, Dim3.of(1), Dim3.of(FLOATS), 0, List.of(in, new KernelArgument.I32(1)));
  }

  @Test
  void moreRegistersThanThereAreAreRefused() {
    CudaDriver.Function greedy = module.function("many_registers");
    CudaException refusal = refused(greedy, Dim3.of(1), Dim3.of(1024), 0, List.of(in, out));
    assertEquals("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", refusal.result());
    run("many_registers");
    assertEquals(List.of(), driver.findings());
  }

  private CudaException refused(
      CudaDriver.Function function,
      Dim3 grid,
      Dim3 block,
      int shared,
      List<KernelArgument> arguments) {
    CudaException refusal =
        assertThrows(
            CudaException.class,
            () -> driver.launch(function, grid, block, shared, stream, arguments));
    assertEquals("cuLaunchKernel", refusal.call());
    return refusal;
  }

  @Test
  void outOfMemoryLeavesTheDeviceUsable() {
    CudaException refusal = assertThrows(CudaException.class, () -> driver.allocate(1L << 21));
    assertTrue(refusal.outOfMemory());
    run("right");
    closeDevice();
    assertEquals(List.of(), driver.findings());
  }

  @Test
  void anUnknownOpcodeIsALoudError() {
    CudaDriver.Module unknown =
        driver.load(
            "unknown",
            """
            .version 7.0
            .target sm_80
            .address_size 64
            .visible .entry f()
            {
            .reg .b32 %r<2>;
            frobnicate.b32 %r1, %r0;
            ret;
            }
            """);
    PtxException error = assertThrows(PtxException.class, () -> unknown.function("f"));
    assertTrue(error.getMessage().startsWith("PTX line 7:"), error.getMessage());
  }
}
