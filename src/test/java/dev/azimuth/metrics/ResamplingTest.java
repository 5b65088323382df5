package dev.azimuth.metrics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What must hold of any size; the libraries' own numbers are replayed. */
class ResamplingTest {
  @ParameterizedTest
  @EnumSource
  void oneColourStays(Resampling resampling) {
    int[] sizes = {1, 2, 3, 5, 8, 13};
    for (int height : sizes) {
      for (int toWidth : sizes) {
        int[] grey = new int[height * 7];
        Arrays.fill(grey, 200);
        int[] resized = resampling.resize(grey, height, 7, 6, toWidth);
        assertEquals(6 * toWidth, resized.length);
        for (int value : resized) {
          assertEquals(200, value, 1, () -> height + " to " + toWidth);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSameSizeIsTheSamePicture(Resampling resampling) {
    int[] picture = {0, 255, 3, 77, 128, 9};
    int[] same = resampling.resize(picture, 2, 3, 2, 3);
    assertArrayEquals(picture, same);
    same[0] = 1;
    assertEquals(0, picture[0], "a copy");
  }

  @Test
  void halvesOfAreasAreRoundedAsOpenCvDoes() {
    // two by two: up; one by two: to the even number
    assertArrayEquals(new int[] {3}, Resampling.CV_AREA.resize(new int[] {2, 3, 2, 3}, 2, 2, 1, 1));
    assertArrayEquals(new int[] {2}, Resampling.CV_AREA.resize(new int[] {2, 3}, 1, 2, 1, 1));
    assertArrayEquals(new int[] {4}, Resampling.CV_AREA.resize(new int[] {3, 4}, 1, 2, 1, 1));
  }

  @Test
  void sizesAreChecked() {
    int[] four = new int[4];
    assertThrows(
        IllegalArgumentException.class, () -> Resampling.PIL_BICUBIC.resize(four, 2, 3, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> Resampling.CV_AREA.resize(four, 2, 2, 0, 1));
  }
}
