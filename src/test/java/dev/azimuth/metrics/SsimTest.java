package dev.azimuth.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class SsimTest {
  private static final int H = 17;
  private static final int W = 23;

  private static float[] noise(long seed) {
    Random random = new Random(seed);
    float[] values = new float[H * W * 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }

  static List<Ssim> forms() {
    return List.of(Ssim.gaussian(1), Ssim.uniform(1));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void aPictureIsLikeItselfOnly(Ssim ssim) {
    float[] a = noise(1);
    assertEquals(1, ssim.of(a, a, H, W, 3), 1e-12);
    double different = ssim.of(a, noise(2), H, W, 3);
    assertTrue(Math.abs(different) < 0.2, "unrelated noise: " + different);
    assertEquals(different, ssim.of(noise(2), a, H, W, 3), 1e-12);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void aNegativeIsUnlike(Ssim ssim) {
    float[] a = noise(3);
    float[] negative = a.clone();
    for (int i = 0; i < a.length; i++) {
      negative[i] = 1 - a[i];
    }
    assertTrue(ssim.of(a, negative, H, W, 3) < -0.7);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void flatPicturesDifferByTheirMeansAlone(Ssim ssim) {
    float[] a = new float[H * W * 3];
    float[] b = new float[H * W * 3];
    Arrays.fill(a, 0.25f);
    Arrays.fill(b, 0.75f);
    double c1 = 1e-4;
    double expected = (2 * 0.25 * 0.75 + c1) / (0.25 * 0.25 + 0.75 * 0.75 + c1);
    // variances are differences of rounded squares, some 1e-16, beside c2 = 9e-4
    assertEquals(expected, ssim.of(a, b, H, W, 3), 1e-11);
  }

  @ParameterizedTest
  @MethodSource("forms")
  void channelsAreJudgedEachByItself(Ssim ssim) {
    float[] a = noise(4);
    float[] b = noise(5);
    double sum = 0;
    for (int c = 0; c < 3; c++) {
      sum += ssim.of(channel(a, c), channel(b, c), H, W, 1);
    }
    assertEquals(sum / 3, ssim.of(a, b, H, W, 3), 1e-12);
  }

  private static float[] channel(float[] picture, int channel) {
    float[] one = new float[H * W];
    for (int i = 0; i < one.length; i++) {
      one[i] = picture[i * 3 + channel];
    }
    return one;
  }

  @Test
  void theBorderDoesNotCount() {
    float[] a = noise(6);
    float[] b = a.clone();
    b[0] = 1 - b[0];
    Ssim ssim = Ssim.uniform(1);
    assertTrue(ssim.map(a, b, H, W, 3)[0] < 0.99, "the corner's window sees it");
    double all = Arrays.stream(ssim.map(a, b, H, W, 3)).average().orElseThrow();
    assertTrue(all < ssim.of(a, b, H, W, 3));
  }

  @Test
  void windowsSumToOneAndMustFit() {
    assertEquals(11, Ssim.Window.gaussian(1.5).weights().length);
    assertEquals(1, Arrays.stream(Ssim.Window.gaussian(1.5).weights()).sum(), 1e-15);
    assertEquals(1, Arrays.stream(Ssim.Window.uniform(7).weights()).sum(), 1e-15);
    assertThrows(IllegalArgumentException.class, () -> Ssim.Window.uniform(4));
    float[] small = new float[10 * 11];
    assertThrows(
        IllegalArgumentException.class, () -> Ssim.gaussian(1).of(small, small, 10, 11, 1));
    assertThrows(
        IllegalArgumentException.class, () -> Ssim.gaussian(1).map(small, small, 10, 10, 1));
  }

  /** What the records of the reference have, whose numbers the replays check. */
  @Test
  void theShortFormsAreTheReferencesSettings() {
    Ssim gaussian = Ssim.gaussian(1);
    assertEquals(new Ssim(gaussian.window(), false, 0.01, 0.03, 1), gaussian);
    assertArrayEquals(Ssim.Window.gaussian(1.5).weights(), gaussian.window().weights());
    assertEquals(11, gaussian.window().weights().length);
    Ssim uniform = Ssim.uniform(255);
    assertEquals(new Ssim(uniform.window(), true, 0.01, 0.03, 255), uniform);
    assertArrayEquals(Ssim.Window.uniform(7).weights(), uniform.window().weights());
  }
}
