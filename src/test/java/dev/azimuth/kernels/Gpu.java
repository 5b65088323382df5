package dev.azimuth.kernels;

import dev.azimuth.kernels.emulator.Counters;
import dev.azimuth.kernels.emulator.PtxAssembler;

/**
 * A card as the performance model sees it.
 *
 * @param multiprocessors how many
 * @param lanes float32 lanes of a multiprocessor
 * @param gigahertz boost clock
 * @param bandwidth of device memory, GB/s
 * @param sharedKilobytes shared memory of a multiprocessor
 * @param tf32Tera peak of dense tensor cores in tf32, 10¹² operations a second
 * @param halfTera the same in f16 and bf16
 */
record Gpu(
    int multiprocessors,
    int lanes,
    double gigahertz,
    double bandwidth,
    int sharedKilobytes,
    double tf32Tera,
    double halfTera) {
  /** NVIDIA A100 Tensor Core GPU Architecture (2020), SXM4 with 40 GB. */
  static final Gpu A100 = new Gpu(108, 64, 1.41, 1555, 164, 156, 312);

  /** NVIDIA H100 Tensor Core GPU Architecture (2022), SXM5. */
  static final Gpu H100 = new Gpu(132, 128, 1.98, 3352, 228, 494.7, 989.4);

  private static final int REGISTERS = 65536;
  private static final int REGISTER_PORTION = 256;
  private static final int QUARTERS = 4;
  private static final int WARPS = 64;
  private static final int BLOCKS = 32;
  private static final int SHARED_PORTION = 128;
  private static final int SHARED_RESERVED = 1024;

  /**
   * Resident warps over the most that fit: the CUDA programming guide's limits for 8.0 and 9.0,
   * registers given out by 256 to the warps of each quarter, shared memory by 128 bytes and 1 KB
   * more per block.
   */
  double occupancy(PtxAssembler.Usage usage, int threads, int dynamicSharedBytes) {
    int warps = threads / 32;
    int perWarp = Math.ceilDiv(32 * usage.registers(), REGISTER_PORTION) * REGISTER_PORTION;
    int byRegisters = QUARTERS * (REGISTERS / QUARTERS / perWarp) / warps;
    int shared =
        Math.ceilDiv(usage.sharedBytes() + dynamicSharedBytes + SHARED_RESERVED, SHARED_PORTION)
            * SHARED_PORTION;
    int byShared = sharedKilobytes * 1024 / shared;
    int blocks = Math.min(Math.min(byRegisters, byShared), Math.min(WARPS / warps, BLOCKS));
    return (double) (blocks * warps) / WARPS;
  }

  /** What bounds a kernel, and how much of the peak of its kind of work is left at the bound. */
  record Roof(String limit, double share) {}

  /**
   * The roofline of what a kernel did, if the device is full and latency hidden: the slowest of
   * moving its sectors from device memory (as if the L2 cache kept nothing), of its arithmetic and
   * of issuing an instruction per quarter and clock.
   *
   * @param usefulMultiplyAdds what the task needs at least, 0 for a task that is no product
   */
  Roof roof(Counters did, double usefulMultiplyAdds) {
    double clocks = multiprocessors * gigahertz * 1e9;
    double tensor =
        2 * did.tensorMultiplyAdds(true) / (tf32Tera * 1e12)
            + 2 * did.tensorMultiplyAdds(false) / (halfTera * 1e12);
    double arithmetic = did.floatInstructions() / (clocks * lanes) + tensor;
    double memory = 32.0 * did.totalSectors() / (bandwidth * 1e9);
    double issue = did.warpInstructions() / (clocks * QUARTERS);
    double slowest = Math.max(memory, Math.max(arithmetic, issue));
    double products = did.tensorMultiplyAdds(true) + did.tensorMultiplyAdds(false);
    double perMultiplyAdd = products > 0 ? tensor / products : 1 / (clocks * lanes);
    double least =
        usefulMultiplyAdds > 0
            ? usefulMultiplyAdds * perMultiplyAdd
            : 32.0 * did.totalIdealSectors() / (bandwidth * 1e9);
    String limit = slowest == memory ? "memory" : slowest == arithmetic ? "arithmetic" : "issue";
    return new Roof(limit, least / slowest);
  }
}
