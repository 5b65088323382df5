package dev.azimuth.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ClipScoreTest {
  @Test
  void lengthsDoNotCount() {
    assertEquals(0.6, ClipScore.similarity(new float[] {3, 4}, new float[] {7, 0}), 1e-15);
    assertEquals(1.5, ClipScore.PUBLISHED.of(new float[] {3, 4}, new float[] {7, 0}), 1e-15);
  }

  @Test
  void oppositesScoreNothing() {
    assertEquals(-1, ClipScore.similarity(new float[] {2, 0}, new float[] {-1, 0}));
    assertEquals(0, ClipScore.PUBLISHED.of(new float[] {2, 0}, new float[] {-1, 0}));
  }

  @Test
  void whatHasNoCosineIsRefused() {
    assertThrows(
        IllegalArgumentException.class, () -> ClipScore.similarity(new float[2], new float[3]));
    assertThrows(
        IllegalArgumentException.class,
        () -> ClipScore.similarity(new float[2], new float[] {1, 2}));
  }
}
