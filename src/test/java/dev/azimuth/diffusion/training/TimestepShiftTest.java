package dev.azimuth.diffusion.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class TimestepShiftTest {
  private static final int TIMESTEPS = 1000;

  @Test
  void shiftOfOneChangesNothing() {
    for (int t = 0; t < TIMESTEPS; t++) {
      assertEquals(t, NoiseObjective.shifted(t, TIMESTEPS, 1));
    }
  }

  /** Of equation 23 at u = 1/2: s / (1 + s). */
  @Test
  void medianMovesAsPublished() {
    assertEquals(750, NoiseObjective.shifted(500, TIMESTEPS, 3), 1);
    assertEquals(250, NoiseObjective.shifted(500, TIMESTEPS, 1 / 3.0), 1);
  }

  @Test
  void staysInTheScheduleAndInOrder() {
    for (double shift : new double[] {1e-3, 0.5, 2, 3, 1e3}) {
      int last = 0;
      for (int t = 0; t < TIMESTEPS; t++) {
        int shifted = NoiseObjective.shifted(t, TIMESTEPS, shift);
        assertTrue(shifted >= last && shifted < TIMESTEPS, shift + " at " + t + ": " + shifted);
        last = shifted;
      }
    }
  }
}
