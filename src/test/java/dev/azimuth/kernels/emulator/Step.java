package dev.azimuth.kernels.emulator;

/** An instruction ready to run. */
interface Step {
  /** Runs it for the lanes of a mask that is not 0. */
  void run(Warp warp, int mask);
}
