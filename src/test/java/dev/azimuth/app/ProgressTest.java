package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ProgressTest {
  @Test
  void lineTellsWhatIsLeft() {
    try (Progress progress = new Progress("noise prediction", 100, 400)) {
      assertEquals("noise prediction: 100 of 400", progress.line(100, Duration.ofHours(1)));
      progress.note("loss 0.1");
      // 50 steps in 61 s leave 250 steps
      assertEquals(
          "noise prediction: 150 of 400, 0:05:05 left, loss 0.1",
          progress.line(150, Duration.ofSeconds(61)));
    }
  }
}
