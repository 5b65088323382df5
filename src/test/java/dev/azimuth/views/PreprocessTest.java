package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PreprocessTest {
  private static final int SIZE = 64;

  /** A picture whose colour is (0.2, 0.4, 0.6) with the given alpha at each pixel. */
  private static Image picture(int width, int height, Alpha alpha) {
    float[] rgba = new float[width * height * 4];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int at = (y * width + x) * 4;
        rgba[at] = 0.2f;
        rgba[at + 1] = 0.4f;
        rgba[at + 2] = 0.6f;
        rgba[at + 3] = alpha.at(x, y);
      }
    }
    return new Image(width, height, rgba);
  }

  private interface Alpha {
    float at(int x, int y);
  }

  private static float[] pixel(Image image, int x, int y) {
    return new float[] {image.at(x, y, 0), image.at(x, y, 1), image.at(x, y, 2), image.at(x, y, 3)};
  }

  @Test
  void compositesByAlpha() {
    Image half = Preprocess.COMPOSITE.apply(picture(SIZE, SIZE, (x, y) -> 0.25f), SIZE);
    assertArrayEquals(new float[] {0.8f, 0.85f, 0.9f, 1}, pixel(half, 30, 30), 1e-6f);
  }

  @Test
  void hardEdgesKeepFullColour() {
    Image image = picture(SIZE, SIZE, (x, y) -> x < 32 ? 0 : 0.01f);
    Image hard = Preprocess.HARD_EDGE.apply(image, SIZE);
    assertArrayEquals(new float[] {1, 1, 1, 1}, pixel(hard, 31, 5), 0);
    assertArrayEquals(new float[] {0.2f, 0.4f, 0.6f, 1}, pixel(hard, 32, 5), 0);
  }

  @Test
  void picturesThatAreNotSquareGetBars() {
    for (Preprocess preprocess : new Preprocess[] {Preprocess.COMPOSITE, Preprocess.HARD_EDGE}) {
      Image wide = preprocess.apply(picture(128, 64, (x, y) -> 1), SIZE);
      assertEquals(SIZE, wide.width());
      assertEquals(SIZE, wide.height());
      assertArrayEquals(new float[] {1, 1, 1, 1}, pixel(wide, 32, 4), 1e-6f);
      assertArrayEquals(new float[] {0.2f, 0.4f, 0.6f, 1}, pixel(wide, 32, 32), 1e-6f);
      assertArrayEquals(new float[] {1, 1, 1, 1}, pixel(wide, 32, 60), 1e-6f);
    }
  }

  @Test
  void cropsToTheObjectAndCentresIt() {
    // 100 x 50 pixels at the upper left become 50 x 25 of 64, that is 200 of 256
    Image image = picture(300, 200, (x, y) -> x < 100 && y < 50 ? 0.9f : 0.5f);
    Image crop = Preprocess.CROP.apply(image, SIZE);
    int[] box = box(crop);
    assertArrayEquals(new int[] {7, 19, 57, 44}, box);
    assertArrayEquals(new float[] {0.2f, 0.4f, 0.6f, 1}, pixel(crop, 32, 32), 1e-6f);
  }

  @Test
  void cropDoesNotEnlarge() {
    Image image = picture(100, 100, (x, y) -> x >= 90 && y >= 80 ? 1 : 0);
    assertArrayEquals(new int[] {27, 22, 37, 42}, box(Preprocess.CROP.apply(image, SIZE)));
  }

  /** Left, top, right and bottom of what isn't white. */
  private static int[] box(Image image) {
    int[] box = {image.width(), image.height(), 0, 0};
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        if (image.at(x, y, 0) < 0.99f) {
          box[0] = Math.min(box[0], x);
          box[1] = Math.min(box[1], y);
          box[2] = Math.max(box[2], x + 1);
          box[3] = Math.max(box[3], y + 1);
        }
      }
    }
    return box;
  }

  @Test
  void cropNeedsSomethingToCropTo() {
    Image opaque = picture(8, 8, (x, y) -> 1);
    Image empty = picture(8, 8, (x, y) -> 0.5f);
    assertTrue(refusal(opaque).contains("it needs transparency or a mask"));
    assertTrue(refusal(empty).contains("nothing in the picture has alpha above a half"));
  }

  private static String refusal(Image image) {
    return assertThrows(IllegalArgumentException.class, () -> Preprocess.CROP.apply(image, SIZE))
        .getMessage();
  }

  @Test
  void aMaskBecomesAlpha() {
    Image mask = new Image(2, 1, new float[] {1, 1, 1, 1, 0, 0, 0, 1});
    Image masked = picture(2, 1, (x, y) -> 1).masked(mask);
    assertEquals(1, masked.at(0, 0, 3));
    assertEquals(0, masked.at(1, 0, 3));
    String message =
        assertThrows(IllegalArgumentException.class, () -> picture(3, 1, (x, y) -> 1).masked(mask))
            .getMessage();
    assertEquals("mask: must have the picture's size, 3 x 1; got 2 x 1", message);
  }
}
