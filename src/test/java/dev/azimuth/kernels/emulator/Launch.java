package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.Dim3;

/**
 * A launch whose limits were checked.
 *
 * @param params the parameter space as the kernel sees it
 */
record Launch(
    Program program,
    DeviceMemory memory,
    Findings findings,
    Dim3 grid,
    Dim3 block,
    int sharedBytes,
    byte[] params) {

  /** Runs all blocks, one after another, the last first. */
  Counters run() {
    Block runner = new Block(this);
    runner.counters.sharedAtMost(sharedBytes);
    for (long i = grid.size() - 1; i >= 0; i--) {
      runner.run(i);
    }
    return runner.counters;
  }
}
