package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.views.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The grid of settings, with a tiny model. */
class SweepCommandTest {
  @TempDir static Path shared;
  private static Path model;
  private static Path picture;

  @TempDir Path folder;

  @BeforeAll
  static void makeInputs() throws IOException {
    model = TinyModel.write(shared.resolve("model"));
    picture = shared.resolve("grey.png");
    float[] grey = new float[16 * 16 * 4];
    for (int i = 0; i < grey.length; i++) {
      grey[i] = i % 4 == 3 ? 1 : (i % 7) / 7f;
    }
    new Image(16, 16, grey).writePng(picture);
  }

  private Console sweep(String more, Path out, Object... args) {
    Object[] all = new Object[args.length + 3];
    all[0] = picture;
    all[1] = model;
    all[2] = out;
    System.arraycopy(args, 0, all, 3, args.length);
    return Console.run("sweep --image ? --model ? --azimuth 40 --seed 3 --out ? " + more, all);
  }

  /** The truth is what one of the settings makes: its ratio is the best by far. */
  @Test
  void theSettingThatMadeTheTruthIsNearestToIt() throws IOException {
    Path truth = folder.resolve("truth.png");
    Console made =
        Console.run(
            "synthesize --image ? --model ? --azimuth 40 --seed 3 --scale 3 --steps 5 --out ?",
            picture,
            model,
            truth);
    assertEquals(0, made.status(), made.err());
    Path sheet = folder.resolve("sheet.png");
    Console done = sweep("--scales 1,3 --steps 2,5,9 --truth ?", sheet, truth);
    assertEquals(0, done.status(), done.err());
    assertTrue(done.out().contains("6 views"), done.out());
    assertTrue(done.out().contains("guidance scale 3.0, 5 steps"), done.out());
    double ratio = Double.parseDouble(done.out().replaceAll("(?s).*truth, ([0-9.]+) dB.*", "$1"));
    assertTrue(ratio > 50, "rounded to 8 bits: " + ratio);
    Image image = Image.read(sheet);
    assertTrue(image.width() > 3 * 128 && image.height() > 3 * 128, image.toString());
    byte[] once = Files.readAllBytes(sheet);
    sweep("--scales 1,3 --steps 2,5,9 --truth ?", sheet, truth);
    assertArrayEquals(once, Files.readAllBytes(sheet));
  }

  @Test
  void wrongSettingsAreRefusedBeforeAnythingIsMade() {
    for (String wrong :
        new String[] {
          "--scales 1,x", "--steps 0", "--steps 5,5000", "--scales 1,NaN", "--truth none.png"
        }) {
      Path sheet = folder.resolve("sheet.png");
      Console done = sweep(wrong, sheet);
      assertTrue(done.status() != 0, wrong);
      assertEquals(1, done.err().lines().count(), done.err());
      assertFalse(done.err().contains("internal error"), done.err());
      assertFalse(Files.exists(sheet));
    }
  }
}
