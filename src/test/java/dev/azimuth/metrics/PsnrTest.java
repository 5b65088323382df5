package dev.azimuth.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class PsnrTest {
  private static float[] noise(long seed) {
    Random random = new Random(seed);
    float[] values = new float[300];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }

  private static float[] scaled(float[] values, float factor, float offset) {
    float[] out = values.clone();
    for (int i = 0; i < out.length; i++) {
      out[i] = out[i] * factor + offset;
    }
    return out;
  }

  @Test
  void equalPicturesAreInfinitelyAlike() {
    assertEquals(Double.POSITIVE_INFINITY, Psnr.of(noise(1), noise(1), 1));
  }

  @Test
  void blackAndWhiteAreAtZero() {
    assertEquals(0, Psnr.of(new float[12], scaled(new float[12], 0, 1), 1), 1e-12);
    assertEquals(0, Psnr.of(new float[12], scaled(new float[12], 0, 255), 255), 1e-12);
  }

  @Test
  void aTenthOfTheRangeIsTwentyDecibels() {
    // 0.1f is within 6e-8 of a tenth: 20 log10 of that is 1.3e-7 dB
    assertEquals(20, Psnr.of(new float[12], scaled(new float[12], 0, 0.1f), 1), 1e-6);
  }

  @Test
  void orderAndScaleDoNotMatter() {
    float[] a = noise(2);
    float[] b = noise(3);
    assertEquals(Psnr.of(a, b, 1), Psnr.of(b, a, 1));
    // a factor of 256 rounds nothing
    assertEquals(Psnr.of(a, b, 1), Psnr.of(scaled(a, 256, 0), scaled(b, 256, 0), 256), 1e-12);
    assertTrue(Psnr.of(a, b, 2) > Psnr.of(a, b, 1) + 6);
  }

  @Test
  void sizesMustAgree() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Psnr.of(new float[3], new float[4], 1))
            .getMessage();
    assertTrue(message.contains("3 != 4"), message);
    assertThrows(IllegalArgumentException.class, () -> Psnr.of(new float[0], new float[0], 1));
  }
}
