package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.azimuth.views.DatasetSplit;
import dev.azimuth.views.Image;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole study at a size that takes seconds, on the bundled pictures. */
final class StudyCommandTest {
  private static final Path MODELS = Path.of("../../models");
  private static final Path DATA = MODELS.resolve("mini/demo");
  private static final Path CONFIG = MODELS.resolve("study/reduced.json");
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private Path split() throws IOException {
    List<String> objects = ViewDataset.open(DATA).objects();
    Path split = folder.resolve("split.json");
    new DatasetSplit(objects.subList(0, 6), objects.subList(6, 8), List.of()).write(split);
    return split;
  }

  private Console study(Path out) throws IOException {
    return Console.run("study --config ? --data ? --split ? --out ?", CONFIG, DATA, split(), out);
  }

  @Test
  void everyStageRuns() throws IOException {
    Path out = folder.resolve("out");
    Console done = study(out);
    assertEquals(0, done.status(), done.err());

    for (String stage : List.of("autoencoder", "image_encoder")) {
      assertLossFell(out.resolve("shared").resolve(stage + "-loss.csv"));
    }
    JsonNode config = JSON.readTree(CONFIG.toFile());
    int rows = 0;
    for (JsonNode variant : config.path("variants")) {
      for (JsonNode seed : config.path("seeds")) {
        Path own = out.resolve(variant.path("name").asText()).resolve("seed-" + seed.asInt());
        assertLossFell(own.resolve("noise_prediction-loss.csv"));
      }
      rows += Math.max(1, variant.path("views").size());
    }

    JsonNode report = JSON.readTree(out.resolve("study.json").toFile());
    assertEquals(2, report.path("objects").asInt());
    assertEquals(6, report.path("newViews").asInt());
    assertEquals(rows + 3, report.path("rows").size(), "and the guesses without a network");
    List<String> compared = new ArrayList<>();
    report
        .path("differences")
        .forEach(
            d ->
                compared.add(
                    "%s %d, %s %d"
                        .formatted(
                            d.path("variant").asText(),
                            d.path("views").asInt(),
                            d.path("other").asText(),
                            d.path("otherViews").asInt())));
    for (String pair :
        List.of(
            "stacked 1, published 1",
            "stacked 1, constant-token 1",
            "multi-view 3, published 3",
            "multi-view 3, multi-view 1",
            "multi-view 3, multi-view-mean 3")) {
      assertTrue(compared.contains(pair), pair + " of " + compared);
    }
    assertEquals(compared.size(), Set.copyOf(compared).size(), compared::toString);
    assertEquals(0, report.path("collapsedPath").path("largestDifference").asDouble());
    for (String figure : List.of("curves", "differences", "views", "pictures")) {
      Image drawn = Image.read(out.resolve(figure + ".png"));
      assertTrue(drawn.width() > 300 && drawn.height() > 100, figure);
    }
    String text = Files.readString(out.resolve("study.md"));
    assertTrue(text.contains("| multi-view | 3 |"), text);

    measuresTheFiles(out);
  }

  @Test
  void aControlIsOneOfTheVariants() throws IOException {
    Path config = folder.resolve("study.json");
    Files.writeString(
        config,
        Files.readString(CONFIG)
            .replace("\"control\": \"constant-token\"", "\"control\": \"nobody\""));
    Path out = folder.resolve("none");
    Console refused =
        Console.run("study --config ? --data ? --split ? --out ?", config, DATA, split(), out);
    assertNotEquals(0, refused.status());
    assertTrue(
        refused.err().contains("the control of stacked is nobody, which is none of them"),
        refused.err());
    assertFalse(Files.exists(out));
  }

  /** A study run again trains nothing anew, and measures the pictures that it finds. */
  private void measuresTheFiles(Path out) throws IOException {
    Path own = out.resolve("published/seed-1");
    byte[] weights = Files.readAllBytes(own.resolve("noise_prediction.safetensors"));
    JsonNode before = JSON.readTree(own.resolve("views-1.json").toFile());
    assertEquals(6, before.path("scores").size());
    Image grid = Image.read(own.resolve("views-1.png"));
    float[] white = new float[grid.width() * grid.height() * 4];
    Arrays.fill(white, 1);
    new Image(grid.width(), grid.height(), white).writePng(own.resolve("views-1.png"));
    Files.delete(own.resolve("views-1.json"));
    assertEquals(0, study(out).status());
    JsonNode after = JSON.readTree(own.resolve("views-1.json").toFile());
    for (int i = 0; i < 6; i++) {
      JsonNode score = after.path("scores").get(i);
      assertEquals(before.path("scores").get(i).path("uid"), score.path("uid"));
      assertNotEquals(before.path("scores").get(i).path("psnr"), score.path("psnr"));
    }
    assertArrayEquals(weights, Files.readAllBytes(own.resolve("noise_prediction.safetensors")));
  }

  private static void assertLossFell(Path curve) throws IOException {
    double[] losses = LossChart.read(curve);
    int part = losses.length / 5;
    double first = Arrays.stream(losses, 0, part).average().orElseThrow();
    double last =
        Arrays.stream(losses, losses.length - part, losses.length).average().orElseThrow();
    assertTrue(last < 0.95 * first, curve + ": from " + first + " to " + last);
  }
}
