package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.CudaDriver;
import dev.azimuth.kernels.CudaException;
import dev.azimuth.kernels.DeviceAttribute;
import dev.azimuth.kernels.DevicePointer;
import dev.azimuth.kernels.Dim3;
import dev.azimuth.kernels.KernelArgument;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A device of compute capability 8.0 that interprets PTX, checks every access, and does what is
 * queued as late as it may.
 *
 * <p>A testing tool only. What it found wrong is in {@link #findings()}; a launch goes on after a
 * finding, an access outside memory reading zeros and writing nothing.
 */
public final class EmulatedDriver implements CudaDriver {
  private static final String INVALID = "CUDA_ERROR_INVALID_VALUE";
  private static final int PINNED_ALIGNMENT = 4096;

  private final DeviceMemory memory;
  private final Findings findings = new Findings();
  private final Map<Long, Region> allocations = new HashMap<>();
  private final Map<MemorySegment, Arena> pinned = new HashMap<>();
  private final List<HostCopy> hostCopies = new ArrayList<>();
  private final List<EmulatedStream> streams = new ArrayList<>();
  private final List<EmulatedEvent> events = new ArrayList<>();
  private final List<EmulatedModule> modules = new ArrayList<>();
  private final Map<String, Counters> counters = new LinkedHashMap<>();
  private int allocationsEver;

  /** A device with this much memory. */
  public EmulatedDriver(long memoryBytes) {
    memory = new DeviceMemory(memoryBytes);
  }

  /** What was found wrong so far, one line each. */
  public List<String> findings() {
    return findings.list().stream().map(Finding::toString).toList();
  }

  List<Finding> findingList() {
    return findings.list();
  }

  /** What the launches of each kernel did, all together. */
  public Map<String, Counters> counters() {
    return Collections.unmodifiableMap(counters);
  }

  /** Thread instructions of all launches. */
  public long threadInstructions() {
    return counters.values().stream().mapToLong(Counters::threadInstructions).sum();
  }

  DeviceMemory memoryOfDevice() {
    return memory;
  }

  @Override
  public String name() {
    return "PTX emulator";
  }

  @Override
  public int attribute(DeviceAttribute attribute) {
    return switch (attribute) {
      case MAX_THREADS_PER_BLOCK, MAX_BLOCK_DIM_X, MAX_BLOCK_DIM_Y -> LaunchLimits.THREADS;
      case MAX_BLOCK_DIM_Z -> LaunchLimits.BLOCK_Z;
      case MAX_GRID_DIM_X -> Integer.MAX_VALUE;
      case MAX_GRID_DIM_Y, MAX_GRID_DIM_Z -> LaunchLimits.GRID_YZ;
      case MAX_SHARED_MEMORY_PER_BLOCK -> 48 * 1024;
      case MAX_SHARED_MEMORY_PER_BLOCK_OPTIN -> 163 * 1024;
      case MAX_SHARED_MEMORY_PER_MULTIPROCESSOR -> 164 * 1024;
      case WARP_SIZE -> Warp.LANES;
      case MAX_REGISTERS_PER_BLOCK -> LaunchLimits.REGISTERS;
      case CLOCK_RATE_KHZ -> 1_410_000;
      case MULTIPROCESSOR_COUNT -> 108;
      case MEMORY_CLOCK_RATE_KHZ -> 1_215_000;
      case MEMORY_BUS_WIDTH_BITS -> 5120;
      case L2_CACHE_BYTES -> 40 << 20;
      case MAX_THREADS_PER_MULTIPROCESSOR -> 2048;
      case COMPUTE_CAPABILITY_MAJOR -> 8;
      case COMPUTE_CAPABILITY_MINOR -> 0;
    };
  }

  @Override
  public MemoryInfo memory() {
    return new MemoryInfo(memory.available(), memory.total());
  }

  @Override
  public Module load(String name, String ptx) {
    try {
      EmulatedModule module = new EmulatedModule(this, memory, name, ptx);
      modules.add(module);
      return module;
    } catch (PtxException e) {
      CudaException refusal =
          new CudaException(
              "cuModuleLoadDataEx", "CUDA_ERROR_INVALID_PTX", name + ": " + e.getMessage());
      refusal.initCause(e);
      throw refusal;
    }
  }

  @Override
  public DevicePointer allocate(long bytes) {
    if (bytes <= 0) {
      throw new CudaException("cuMemAlloc", INVALID, bytes + " bytes");
    }
    allocationsEver++;
    Region region =
        memory.allocate("allocation %d of %d bytes".formatted(allocationsEver, bytes), bytes);
    if (region == null) {
      throw new CudaException(
          "cuMemAlloc",
          CudaException.OUT_OF_MEMORY,
          "%d bytes of which %d are free".formatted(bytes, memory.available()));
    }
    allocations.put(region.base, region);
    return new DevicePointer(region.base);
  }

  @Override
  public void free(DevicePointer pointer) {
    synchronize();
    Region region = allocations.remove(pointer.address());
    if (region == null) {
      throw new CudaException("cuMemFree", INVALID, pointer + " isn't allocated");
    }
    memory.free(region);
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    Arena arena = Arena.ofShared();
    MemorySegment segment = arena.allocate(bytes, PINNED_ALIGNMENT);
    pinned.put(segment, arena);
    return segment;
  }

  @Override
  public void freePinned(MemorySegment segment) {
    Arena arena = pinned.remove(segment);
    if (arena == null) {
      throw new CudaException("cuMemFreeHost", INVALID, segment + " isn't allocated");
    }
    if (hostCopies.stream().anyMatch(copy -> copy.overlaps(segment))) {
      hostCopyNotAwaited("cuMemFreeHost", "frees memory that a copy still uses");
      synchronize();
    }
    arena.close();
  }

  @Override
  public void copyToDevice(DevicePointer to, MemorySegment from, Stream stream) {
    Region region = region("cuMemcpyHtoDAsync", to, from.byteSize());
    int offset = (int) (to.address() - region.base);
    int bytes = (int) from.byteSize();
    HostCopy host = HostCopy.from(from);
    hostCopies.add(host);
    ((EmulatedStream) stream)
        .add(
            () -> {
              hostCopies.remove(host);
              if (!host.untouched()) {
                hostCopyNotAwaited(
                    "cuMemcpyHtoDAsync", "the host changed or freed what is being copied");
              }
              if (host.alive()) {
                host.read(region.data, offset);
              }
              Arrays.fill(region.state, offset, offset + bytes, Region.WRITTEN);
            });
  }

  @Override
  public void copyToHost(MemorySegment to, DevicePointer from, Stream stream) {
    Region region = region("cuMemcpyDtoHAsync", from, to.byteSize());
    int offset = (int) (from.address() - region.base);
    int bytes = (int) to.byteSize();
    HostCopy host = HostCopy.to(to);
    hostCopies.add(host);
    ((EmulatedStream) stream)
        .add(
            () -> {
              hostCopies.remove(host);
              if (!host.untouched()) {
                hostCopyNotAwaited(
                    "cuMemcpyDtoHAsync", "the host wrote to or freed what is being filled");
              }
              for (int i = offset; i < offset + bytes; i++) {
                if (region.state[i] != Region.WRITTEN) {
                  found(
                      Finding.Kind.UNINITIALISED,
                      "cuMemcpyDtoHAsync",
                      "reads %d of %s, which nobody wrote".formatted(i, region.name));
                  break;
                }
              }
              if (host.alive()) {
                host.write(region.data, offset);
              }
            });
  }

  @Override
  public void copyOnDevice(DevicePointer to, DevicePointer from, long bytes, Stream stream) {
    Region target = region("cuMemcpyDtoDAsync", to, bytes);
    Region source = region("cuMemcpyDtoDAsync", from, bytes);
    if (Math.abs(to.address() - from.address()) < bytes) {
      throw new CudaException(
          "cuMemcpyDtoDAsync", INVALID, "%s and %s overlap".formatted(to, from));
    }
    int targetOffset = (int) (to.address() - target.base);
    int sourceOffset = (int) (from.address() - source.base);
    int count = (int) bytes;
    ((EmulatedStream) stream)
        .add(
            () -> {
              System.arraycopy(source.data, sourceOffset, target.data, targetOffset, count);
              System.arraycopy(source.state, sourceOffset, target.state, targetOffset, count);
            });
  }

  @Override
  public void fill(DevicePointer to, byte value, long bytes, Stream stream) {
    Region region = region("cuMemsetD8Async", to, bytes);
    int offset = (int) (to.address() - region.base);
    int end = offset + (int) bytes;
    ((EmulatedStream) stream)
        .add(
            () -> {
              Arrays.fill(region.data, offset, end, value);
              Arrays.fill(region.state, offset, end, Region.WRITTEN);
            });
  }

  /** The allocation that holds all of a range. */
  private Region region(String call, DevicePointer pointer, long bytes) {
    Region region = memory.near(pointer.address());
    long offset = region == null ? -1 : pointer.address() - region.base;
    if (region == null || region.freed() || offset < 0 || offset > region.size - bytes) {
      throw new CudaException(
          call,
          INVALID,
          "%d bytes at %s, which is %s"
              .formatted(
                  bytes,
                  pointer,
                  region == null
                      ? "in no allocation"
                      : region.freed() ? "freed" : offset + " in " + region.name));
    }
    return region;
  }

  @Override
  public void launch(
      Function function,
      Dim3 grid,
      Dim3 block,
      int sharedBytes,
      Stream stream,
      List<KernelArgument> arguments) {
    EmulatedModule.EmulatedFunction kernel = (EmulatedModule.EmulatedFunction) function;
    LaunchLimits limits = new LaunchLimits(kernel);
    limits.check(grid, block, sharedBytes);
    Launch launch =
        new Launch(
            kernel.program(), memory, findings, grid, block, sharedBytes, limits.params(arguments));
    ((EmulatedStream) stream)
        .add(() -> counters.merge(function.entry(), launch.run(), Counters::plus));
  }

  @Override
  public Stream stream() {
    EmulatedStream stream = new EmulatedStream(this);
    streams.add(stream);
    return stream;
  }

  @Override
  public Event event() {
    EmulatedEvent event = new EmulatedEvent(this);
    events.add(event);
    return event;
  }

  void closed(EmulatedStream stream) {
    streams.remove(stream);
  }

  void closed(EmulatedEvent event) {
    events.remove(event);
  }

  void closed(EmulatedModule module) {
    synchronize();
    modules.remove(module);
  }

  /** Does all that is queued, the youngest stream first. */
  @Override
  public void synchronize() {
    List.copyOf(streams).reversed().forEach(EmulatedStream::synchronize);
  }

  @Override
  public void close() {
    synchronize();
    List.copyOf(modules).forEach(EmulatedModule::close);
    for (Region region : memory.held()) {
      found(Finding.Kind.LEAK, "close", region.name + " was never freed");
    }
    for (MemorySegment segment : List.copyOf(pinned.keySet())) {
      found(Finding.Kind.LEAK, "close", segment.byteSize() + " pinned bytes were never freed");
      freePinned(segment);
    }
    if (!streams.isEmpty() || !events.isEmpty()) {
      found(
          Finding.Kind.LEAK,
          "close",
          "%d streams and %d events were never closed".formatted(streams.size(), events.size()));
    }
  }

  private void hostCopyNotAwaited(String call, String what) {
    found(Finding.Kind.HOST_COPY_NOT_AWAITED, call, what);
  }

  private void found(Finding.Kind kind, String call, String what) {
    findings.add(new Finding(kind, call, what, 0, "-", "-"));
  }
}
