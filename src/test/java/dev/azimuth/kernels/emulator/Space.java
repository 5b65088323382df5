package dev.azimuth.kernels.emulator;

/** A state space of PTX. */
enum Space {
  GLOBAL,
  SHARED,
  LOCAL,
  PARAM,
  CONST,
  /** Whichever of global, shared and local memory the address lies in. */
  GENERIC
}
