package dev.azimuth.nn.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azimuth.nn.optim.LearningRateSchedule.LambdaLinear;
import dev.azimuth.nn.optim.LearningRateSchedule.LambdaLinear.Cycle;
import java.util.List;
import org.junit.jupiter.api.Test;

class LearningRateScheduleTest {
  @Test
  void constantIsOne() {
    assertEquals(1, LearningRateSchedule.constant().multiplier(12345));
  }

  @Test
  void cosineRisesAndFalls() {
    LearningRateSchedule schedule = LearningRateSchedule.cosine(10, 110, 0.1);
    assertEquals(0.1, schedule.multiplier(0), 1e-15);
    assertEquals(1, schedule.multiplier(9), 1e-15);
    assertEquals(1, schedule.multiplier(10), 1e-15);
    assertEquals(0.55, schedule.multiplier(60), 1e-15);
    assertEquals(0.1, schedule.multiplier(110), 1e-15);
    assertEquals(0.1, schedule.multiplier(1_000_000), 1e-15);
    assertThrows(IllegalArgumentException.class, () -> LearningRateSchedule.cosine(5, 5, 0));
  }

  @Test
  void cyclesFollowEachOtherAndABorderBelongsToTheEarlier() {
    LearningRateSchedule schedule =
        new LambdaLinear(List.of(new Cycle(2, 10, 0.5, 1, 0.2), new Cycle(0, 4, 0, 0.8, 0.4)));
    assertEquals(0.5, schedule.multiplier(0), 1e-15);
    assertEquals(0.75, schedule.multiplier(1), 1e-15);
    assertEquals(0.2 + 0.8 * 0.8, schedule.multiplier(2), 1e-15);
    assertEquals(0.2, schedule.multiplier(10), 1e-15);
    assertEquals(0.4 + 0.4 * 0.75, schedule.multiplier(11), 1e-15);
    assertEquals(0.4, schedule.multiplier(14), 1e-15);
    assertThrows(IllegalArgumentException.class, () -> schedule.multiplier(15));
    assertThrows(IllegalArgumentException.class, () -> schedule.multiplier(-1));
  }

  @Test
  void cyclesOfImpossibleLengthsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new LambdaLinear(List.of()));
    assertThrows(IllegalArgumentException.class, () -> new Cycle(-1, 10, 0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Cycle(0, 0, 0, 1, 1));
  }
}
