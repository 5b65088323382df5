package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ExtentsTest {
  @Test
  void countsValues() {
    assertEquals(1, Extents.count(new int[0]));
    assertEquals(24, Extents.count(2, 3, 4));
    assertEquals(Long.MAX_VALUE, Extents.count(Long.MAX_VALUE, 1));
  }

  @Test
  void overflowIsSeenUnlessAnExtentIsZero() {
    assertEquals(-1, Extents.count(1L << 62, 2));
    assertEquals(-1, Extents.count(1L << 62, 4));
    assertEquals(-1, Extents.count(1L << 62, 4, 5));
    assertEquals(-1, Extents.count(3037000500L, 3037000500L));
    assertEquals(0, Extents.count(1L << 62, 4, 0));
  }
}
