package dev.azimuth.tensor.random;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Our elementary functions beside those of the JDK, which are correct to one unit. */
class BoxMullerTest {
  private static final int DRAWS = 200_000;

  /**
   * 3 units in the last place of the greater of the value and 1/4 for the series' absolute part.
   */
  private static final double UNITS = 3 * 0x1p-52;

  @Test
  void logarithmIsCorrectToThreeUnits() {
    Random random = new Random(1);
    for (int i = 0; i < DRAWS; i++) {
      double x = Math.scalb(1 - random.nextDouble(), -random.nextInt(50));
      double expected = StrictMath.log(x);
      assertEquals(expected, BoxMuller.log(x), UNITS * Math.abs(expected), () -> "log " + x);
    }
    assertEquals(0, BoxMuller.log(1));
    assertEquals(StrictMath.log(0x1p-53), BoxMuller.log(0x1p-53), UNITS * 37);
    double nearOne = 1 - 0x1p-53;
    assertEquals(StrictMath.log(nearOne), BoxMuller.log(nearOne), UNITS * 0x1p-53);
  }

  @Test
  void sineAndCosineAreCorrectToThreeUnits() {
    Random random = new Random(2);
    for (int i = 0; i < DRAWS; i++) {
      double v = random.nextDouble();
      // 2 pi v itself is rounded by up to half a unit of 2 pi
      double error = UNITS + 2 * Math.PI * 0x1p-53;
      assertEquals(StrictMath.cos(2 * Math.PI * v), BoxMuller.cosTurn(v), error);
      assertEquals(StrictMath.sin(2 * Math.PI * v), BoxMuller.sinTurn(v), error);
    }
  }

  @Test
  void quarterTurnsAreExact() {
    double[] turns = {0, 0.25, 0.5, 0.75};
    double[] cosines = {1, 0, -1, 0};
    double[] sines = {0, 1, 0, -1};
    for (int i = 0; i < turns.length; i++) {
      assertEquals(cosines[i], BoxMuller.cosTurn(turns[i]), 0.0);
      assertEquals(sines[i], BoxMuller.sinTurn(turns[i]), 0.0);
    }
    assertTrue(BoxMuller.sinTurn(1 - 0x1p-53) < 0);
    assertEquals(1, BoxMuller.cosTurn(1 - 0x1p-53));
  }

  @Test
  void eighthsOfATurnMeetAtTheSeams() {
    for (int eighth = 1; eighth < 8; eighth += 2) {
      double v = eighth / 8.0;
      double below = Math.nextDown(v);
      assertEquals(BoxMuller.cosTurn(v), BoxMuller.cosTurn(below), 2 * UNITS);
      assertEquals(BoxMuller.sinTurn(v), BoxMuller.sinTurn(below), 2 * UNITS);
    }
  }
}
