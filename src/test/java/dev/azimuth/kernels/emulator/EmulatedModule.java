package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.CudaDriver;
import dev.azimuth.kernels.CudaException;
import dev.azimuth.kernels.FunctionAttribute;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Loaded PTX; kernels are decoded when they are asked for, assembled when their registers are. */
final class EmulatedModule implements CudaDriver.Module {
  private final EmulatedDriver driver;
  private final String name;
  private final String ptx;
  private final PtxModule parsed;
  private final Map<String, Long> globals = new HashMap<>();
  private final List<Region> regions = new ArrayList<>();
  private final Map<String, EmulatedFunction> functions = new HashMap<>();
  private @Nullable Map<String, PtxAssembler.Usage> usages;

  EmulatedModule(EmulatedDriver driver, DeviceMemory memory, String name, String ptx) {
    this.driver = driver;
    this.name = name;
    this.ptx = ptx;
    parsed = PtxModule.parse(ptx);
    for (PtxKernel.Variable variable : parsed.variables()) {
      if (variable.space() != Space.SHARED) {
        Region region = memory.allocate(name + ":" + variable.name(), variable.bytes());
        if (region == null) {
          throw new CudaException("cuModuleLoadDataEx", CudaException.OUT_OF_MEMORY, name);
        }
        System.arraycopy(variable.content(), 0, region.data, 0, variable.bytes());
        Arrays.fill(region.state, Region.WRITTEN);
        regions.add(region);
        globals.put(variable.name(), region.base);
      }
    }
  }

  @Override
  public EmulatedFunction function(String entry) {
    return functions.computeIfAbsent(
        entry,
        _ -> {
          for (PtxKernel kernel : parsed.kernels()) {
            if (kernel.name().equals(entry)) {
              return new EmulatedFunction(
                  this, Decoder.decode(kernel, parsed.variables(), globals));
            }
          }
          throw new CudaException(
              "cuModuleGetFunction", "CUDA_ERROR_NOT_FOUND", entry + " in " + name);
        });
  }

  PtxAssembler.Usage usage(String entry) {
    if (usages == null) {
      usages = PtxAssembler.assemble(ptx, "sm_80");
    }
    return usages.get(entry);
  }

  @Override
  public void close() {
    driver.closed(this);
    regions.forEach(driver.memoryOfDevice()::free);
    regions.clear();
  }

  /** A kernel and the dynamic shared memory that it may have. */
  static final class EmulatedFunction implements CudaDriver.Function {
    private static final int SHARED_BYTES = 48 * 1024;
    private static final int SHARED_BYTES_AT_MOST = 163 * 1024;

    private final EmulatedModule module;
    private final Program program;
    private int dynamicBytes;

    EmulatedFunction(EmulatedModule module, Program program) {
      this.module = module;
      this.program = program;
      dynamicBytes = SHARED_BYTES - program.shared().staticBytes();
    }

    Program program() {
      return program;
    }

    int dynamicBytes() {
      return dynamicBytes;
    }

    @Override
    public String entry() {
      return program.kernel().name();
    }

    @Override
    public int attribute(FunctionAttribute attribute) {
      return switch (attribute) {
        case MAX_THREADS_PER_BLOCK -> program.kernel().maxThreads();
        case STATIC_SHARED_BYTES -> program.shared().staticBytes();
        case CONSTANT_BYTES -> 0;
        case LOCAL_BYTES -> module.usage(entry()).stackBytes();
        case REGISTERS -> module.usage(entry()).registers();
        case MAX_DYNAMIC_SHARED_BYTES -> dynamicBytes;
      };
    }

    @Override
    public void allowDynamicShared(int bytes) {
      if (bytes < 0 || bytes + program.shared().staticBytes() > SHARED_BYTES_AT_MOST) {
        throw new CudaException(
            "cuFuncSetAttribute",
            "CUDA_ERROR_INVALID_VALUE",
            "%s: %d bytes of dynamic shared memory; with its own %d it may have %d"
                .formatted(entry(), bytes, program.shared().staticBytes(), SHARED_BYTES_AT_MOST));
      }
      dynamicBytes = bytes;
    }
  }
}
