package dev.azimuth.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.app.replay.ReplayComparison;
import dev.azimuth.app.replay.ReplayConfig;
import dev.azimuth.app.replay.ReplayRecord;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.TestFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The numbers of the reference packages, picture by picture. */
final class MetricsReplayTest {
  private static ReplayRecord record(String name) throws IOException {
    return ReplayRecord.read(
        TestFiles.reference("metrics").resolve(Path.of(name + ".safetensors")));
  }

  /** Picture n of [N, C, H, W] as [H, W, C]. */
  private static float[] picture(ReplayRecord.Values all, int n) {
    int channels = all.shape().dim(1);
    int pixels = all.shape().dim(2) * all.shape().dim(3);
    float[] picture = new float[pixels * channels];
    for (int p = 0; p < pixels; p++) {
      for (int c = 0; c < channels; c++) {
        picture[p * channels + c] = (float) all.elements()[(n * channels + c) * pixels + p];
      }
    }
    return picture;
  }

  private static void assertReplays(ReplayRecord record, String tensor, double... got) {
    Shape shape = record.tensor(tensor).shape();
    assertEquals(shape.size(), got.length);
    ReplayComparison comparison = ReplayComparison.of(record, tensor, shape, got);
    assertTrue(comparison.passes(), comparison::toString);
    double[] wrong = Arrays.stream(got).map(x -> x * 1.001).toArray();
    assertFalse(ReplayComparison.of(record, tensor, shape, wrong).passes(), "a tolerance too wide");
  }

  @ParameterizedTest
  @ValueSource(strings = {"psnr--bytes", "psnr--float255", "psnr--unit"})
  void psnr(String name) throws IOException {
    ReplayRecord record = record(name);
    double range = record.config().number("data_range");
    ReplayRecord.Values a = record.tensor("input.a");
    ReplayRecord.Values b = record.tensor("input.b");
    double[] errors = new double[a.shape().dim(0)];
    double[] ratios = new double[errors.length];
    for (int n = 0; n < errors.length; n++) {
      errors[n] = Psnr.meanSquaredError(picture(a, n), picture(b, n));
      ratios[n] = Psnr.of(picture(a, n), picture(b, n), range);
    }
    assertReplays(record, "output.mse", errors);
    assertReplays(record, "output.psnr", ratios);
    assertReplays(record, "output.mean", Arrays.stream(ratios).average().orElseThrow());
  }

  private static Ssim ssim(ReplayConfig config) {
    int size = config.integer("win_size");
    Ssim.Window window =
        config.text("window").equals("gaussian")
            ? Ssim.Window.gaussian(config.number("sigma"))
            : Ssim.Window.uniform(size);
    assertEquals(size, window.weights().length);
    return new Ssim(
        window,
        config.flag("use_sample_covariance"),
        config.number("K1"),
        config.number("K2"),
        config.number("data_range"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ssim--gaussian-bytes",
        "ssim--gaussian-unit",
        "ssim--uniform-bytes",
        "ssim--uniform-unit"
      })
  void ssim(String name) throws IOException {
    ReplayRecord record = record(name);
    Ssim ssim = ssim(record.config());
    ReplayRecord.Values a = record.tensor("input.a");
    ReplayRecord.Values b = record.tensor("input.b");
    int count = a.shape().dim(0);
    int channels = a.shape().dim(1);
    int height = a.shape().dim(2);
    int width = a.shape().dim(3);
    double[] means = new double[count];
    double[] maps = new double[a.shape().size()];
    for (int n = 0; n < count; n++) {
      means[n] = ssim.of(picture(a, n), picture(b, n), height, width, channels);
      double[] map = ssim.map(picture(a, n), picture(b, n), height, width, channels);
      for (int i = 0; i < map.length; i++) {
        int pixel = i / channels;
        maps[(n * channels + i % channels) * height * width + pixel] = map[i];
      }
    }
    assertReplays(record, "output.ssim", means);
    assertReplays(record, "output.map", maps);
  }

  @Test
  void theShortFormsAreTheReferencesSettings() throws IOException {
    assertSame(Ssim.gaussian(1), ssim(record("ssim--gaussian-unit").config()));
    assertSame(Ssim.uniform(255), ssim(record("ssim--uniform-bytes").config()));
  }

  private static void assertSame(Ssim a, Ssim b) {
    assertEquals(Arrays.toString(a.window().weights()), Arrays.toString(b.window().weights()));
    assertEquals(new Ssim(b.window(), a.useSampleCovariance(), a.k1(), a.k2(), a.range()), b);
  }
}
