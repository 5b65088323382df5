package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.views.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LossChartTest {
  @TempDir Path folder;

  @Test
  void meansRunOverTheStepsBehind() {
    double[] values = {4, 2, 6, 0};
    assertArrayEquals(new double[] {4, 3, 4, 3}, LossChart.runningMean(values, 2), 1e-12);
    assertArrayEquals(values, LossChart.runningMean(values, 1));
    assertArrayEquals(new double[] {4, 3, 4, 3}, LossChart.runningMean(values, 9), 1e-12);
  }

  @Test
  void aPanelForEachStageThatHasACurve() throws IOException {
    LossChart.draw(folder);
    assertFalse(Files.exists(folder.resolve("loss.png")), "nothing to draw");
    Files.writeString(folder.resolve("autoencoder-loss.csv"), "step,loss\n1,2.5\n2,0.1\n3,0.2\n");
    LossChart.draw(folder);
    int one = Image.read(folder.resolve("loss.png")).height();
    // one step alone, and a loss that is 0: no logarithm can show it
    Files.writeString(folder.resolve("noise_prediction-loss.csv"), "step,loss\n1,0\n");
    LossChart.draw(folder);
    Image two = Image.read(folder.resolve("loss.png"));
    assertEquals(2 * one, two.height());
    boolean isBlue = false;
    for (int x = 0; x < two.width(); x++) {
      for (int y = 0; y < one; y++) {
        isBlue |= two.at(x, y, 2) - two.at(x, y, 0) > 0.3;
      }
    }
    assertTrue(isBlue, "the mean's line is there");
  }

  @Test
  void aDamagedCurveIsNamed() throws IOException {
    Path curve = folder.resolve("autoencoder-loss.csv");
    Files.writeString(curve, "step,loss\n1,2.5\n2,oops\n");
    String message = assertThrows(IOException.class, () -> LossChart.draw(folder)).getMessage();
    assertTrue(message.contains(curve + ": line 3"), message);
    Files.writeString(curve, "");
    assertThrows(IOException.class, () -> LossChart.draw(folder));
    assertFalse(Files.exists(folder.resolve("loss.png")));
  }
}
