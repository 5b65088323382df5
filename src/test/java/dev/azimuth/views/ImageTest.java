package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageTest {
  @TempDir Path folder;

  private static Image random(int width, int height, long seed) {
    Random random = new Random(seed);
    float[] rgba = new float[width * height * 4];
    for (int i = 0; i < rgba.length; i++) {
      rgba[i] = random.nextInt(256) / 255f;
    }
    return new Image(width, height, rgba);
  }

  @Test
  void pngRoundTripKeepsEveryByte() throws IOException {
    Image image = random(7, 5, 1);
    Path file = folder.resolve("deep/er/a.png");
    image.writePng(file);
    Image back = Image.read(file);
    assertEquals(7, back.width());
    assertEquals(5, back.height());
    assertArrayEquals(image.rgba(), back.rgba());
    try (var files = Files.list(file.getParent())) {
      assertEquals(1, files.count(), "no temporary file is left");
    }
  }

  @Test
  void failedWriteLeavesNothing() throws IOException {
    Path target = folder.resolve("a.png");
    Files.createDirectories(target.resolve("in the way"));
    assertThrows(IOException.class, () -> random(2, 2, 1).writePng(target));
    try (var files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void greyAndIndexedPicturesAreReadAsStored() throws IOException {
    BufferedImage grey = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSample(0, 0, 0, 100);
    grey.getRaster().setSample(1, 0, 0, 200);
    Image image = Image.decode(png(grey), "grey");
    for (int c = 0; c < 3; c++) {
      assertEquals(100 / 255f, image.at(0, 0, c));
      assertEquals(200 / 255f, image.at(1, 0, c));
    }
    assertEquals(1, image.at(0, 0, 3));

    BufferedImage indexed = new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_INDEXED);
    indexed.setRGB(0, 0, 0xffff0000);
    Image red = Image.decode(png(indexed), "indexed");
    assertArrayEquals(new float[] {1, 0, 0, 1}, red.rgba());

    BufferedImage deep = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(0, 0, 0, 32768);
    assertEquals(32768 / 65535f, Image.decode(png(deep), "16 bit").at(0, 0, 1));
  }

  private static byte[] png(BufferedImage image) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.toByteArray();
  }

  @Test
  void everyTruncationIsAnErrorThatNamesTheFile() throws IOException {
    byte[] whole = random(9, 9, 2).encodePng();
    for (int length = 0; length < whole.length; length++) {
      Path file = folder.resolve("cut.png");
      Files.write(file, Arrays.copyOf(whole, length));
      IOException e = assertThrows(IOException.class, () -> Image.read(file));
      assertTrue(e.getMessage().contains("cut.png"), e.getMessage());
    }
  }

  @Test
  void everyFlippedByteIsAnError() {
    byte[] whole = random(9, 9, 3).encodePng();
    for (int i = 0; i < whole.length; i++) {
      byte[] bad = whole.clone();
      bad[i] ^= 0x10;
      assertThrows(IOException.class, () -> Image.decode(bad, "bad"), "byte " + i);
    }
  }

  @Test
  void aPngThatClaimsHugeSidesIsRefusedBeforeItIsDecoded() {
    byte[] bytes = random(2, 2, 3).encodePng();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    buffer.putInt(16, 1_000_000).putInt(20, 1_000_000);
    CRC32 sum = new CRC32();
    sum.update(bytes, 12, 17);
    buffer.putInt(29, (int) sum.getValue());
    IOException e = assertThrows(IOException.class, () -> Image.decode(bytes, "huge.png"));
    assertTrue(e.getMessage().contains("1000000 x 1000000"), e.getMessage());
  }

  @Test
  void missingFilesFoldersAndOtherKindsAreErrors() throws IOException {
    assertThrows(IOException.class, () -> Image.read(folder.resolve("none.png")));
    assertThrows(IOException.class, () -> Image.read(folder));
    Path text = folder.resolve("text.png");
    Files.writeString(text, "hello");
    IOException e = assertThrows(IOException.class, () -> Image.read(text));
    assertTrue(e.getMessage().contains("not a PNG"), e.getMessage());
  }

  @Test
  void zeroSidesAndWrongLengthsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Image(0, 1, new float[0]));
    assertThrows(IllegalArgumentException.class, () -> new Image(2, 2, new float[15]));
    assertThrows(IllegalArgumentException.class, () -> new Image(1 << 16, 1 << 16, new float[0]));
    assertThrows(IllegalArgumentException.class, () -> random(2, 2, 1).resized(0, 2));
  }

  @Test
  void backgroundsAreThePublishedOnes() {
    Image image = new Image(3, 1, new float[] {.2f, .4f, .6f, 0, .2f, .4f, .6f, .5f, 1, 0, 0, 1});
    assertArrayEquals(
        new float[] {1, 1, 1, 1, .6f, .7f, .8f, 1, 1, 0, 0, 1},
        image.over(Image.Background.WHITE).rgba(),
        1e-6f);
    assertArrayEquals(
        new float[] {1, 1, 1, 1, .2f, .4f, .6f, 1, 1, 0, 0, 1},
        image.over(Image.Background.WHITE_HARD_EDGE).rgba(),
        1e-6f);
  }

  @Test
  void signedRgbGoesBothWays() {
    Image image = random(4, 3, 5).over(Image.Background.WHITE_HARD_EDGE);
    float[] rgb = image.toSignedRgb();
    assertEquals(4 * 3 * 3, rgb.length);
    assertArrayEquals(image.rgba(), Image.ofSignedRgb(4, 3, rgb).rgba(), 1e-6f);
    rgb[7] = Float.NaN;
    assertThrows(IllegalArgumentException.class, () -> Image.ofSignedRgb(4, 3, rgb));
  }

  @Test
  void resizingKeepsAConstantAndTheMeanAndDoesNotBleed() {
    float[] rgba = new float[8 * 8 * 4];
    for (int p = 0; p < 64; p++) {
      boolean left = p % 8 < 4;
      rgba[4 * p] = left ? 0.25f : 1; // what is transparent is red
      rgba[4 * p + 1] = left ? 0.25f : 0;
      rgba[4 * p + 3] = left ? 1 : 0;
    }
    Image image = new Image(8, 8, rgba);
    for (int size : new int[] {3, 4, 8, 13, 32}) {
      Image out = image.resized(size, size);
      for (int i = 0; i < out.rgba().length; i += 4) {
        if (out.rgba()[i + 3] > 0.05f) {
          assertEquals(0.25f, out.rgba()[i], 1e-4f, "no red bleeds in");
        }
      }
    }
    Image grey = random(16, 16, 4).over(Image.Background.WHITE);
    assertEquals(mean(grey), mean(grey.resized(4, 4)), 0.02);
  }

  private static double mean(Image image) {
    double sum = 0;
    for (float value : image.rgba()) {
      sum += value;
    }
    return sum / image.rgba().length;
  }
}
