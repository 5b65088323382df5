package dev.azimuth.diffusion.training;

/** Told how a training goes. */
public interface StageListener {
  /** A stage begins, or goes on, at step {@code from} of {@code steps}. */
  void begins(String stage, long from, long steps);

  /** A step is done; {@code step} counts from 1. */
  void step(long step, double loss);

  /** So many of the views are encoded by the frozen networks. */
  void encoded(int done, int all);
}
