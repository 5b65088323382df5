package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The protocols of evaluate, on a model of noise: what is measured of which views. */
class EvaluationTest {
  @TempDir static Path shared;
  private static Path model;
  private static Path data;
  private static Path split;

  @TempDir Path folder;

  @BeforeAll
  static void makeInputs() throws IOException {
    model = TinyModel.write(shared.resolve("model"));
    data = TinyData.write(shared.resolve("data"));
    split =
        Files.writeString(
            shared.resolve("split.json"),
            "{\"train\": [\"flat\"], \"test_objects\": [\"cube\", \"tall\"],"
                + " \"test_authors\": []}");
  }

  private JsonNode evaluate(String protocol, String more) throws IOException {
    Path out = folder.resolve(protocol);
    Console done =
        Console.run(
            "evaluate --model ? --encoder ? --data ? --split ? --samples 1 --protocol ? --out ? "
                + more,
            model,
            model,
            data,
            split,
            protocol,
            out);
    assertEquals(0, done.status(), done.err());
    return new ObjectMapper().readTree(out.resolve("report.json").toFile());
  }

  private static Set<String> measures(JsonNode report) {
    Set<String> measures = new TreeSet<>();
    report.get("figures").forEach(figure -> measures.add(figure.get("measure").asText()));
    return measures;
  }

  @Test
  void heldOutViewsAreOfOtherSidesAndNamedByTheirProtocol() throws IOException {
    JsonNode report = evaluate("held-out", "--pairs 5 --rotation 10");
    assertTrue(report.get("protocol").asText().contains("256 x 256, so not its numbers"));
    assertEquals(
        Set.of(
            "PSNR",
            "SSIM",
            "similarity by the encoder of model",
            "Fréchet distance by the encoder of model"),
        measures(report));
    assertEquals(10, report.get("views").size());
    for (JsonNode view : report.get("views")) {
      assertTrue(view.get("degrees").asDouble() >= 10);
      assertTrue(view.get("input").asInt() != view.get("output").asInt());
      double[] psnr = {
        view.get("figures").get("one sample").get("PSNR").asDouble(),
        view.get("figures").get("input view repeated").get("PSNR").asDouble()
      };
      assertTrue(Arrays.stream(psnr).allMatch(p -> p > 0 && p < 100));
    }
    for (JsonNode figure : report.get("figures")) {
      JsonNode value = figure.get("value");
      assertTrue(value.get("low").asDouble() <= value.get("mean").asDouble());
      assertTrue(value.get("mean").asDouble() <= value.get("high").asDouble());
    }
  }

  @Test
  void referenceViewIsMeasuredOnTheInputAndComparedWithAllViews() throws IOException {
    JsonNode report = evaluate("reference-view", "--pairs 3");
    assertFalse(measures(report).contains("SSIM"), "Magic123 has none");
    int references = 0;
    for (JsonNode view : report.get("views")) {
      assertEquals(0, view.get("input").asInt());
      boolean isReference = view.get("output").asInt() == 0;
      references += isReference ? 1 : 0;
      JsonNode sample = view.get("figures").get("one sample");
      assertEquals(isReference, sample.has("PSNR"));
      assertTrue(sample.has("similarity by the encoder of model"));
      if (isReference) {
        JsonNode repeated = view.get("figures").get("input view repeated");
        assertEquals(1, repeated.get("similarity by the encoder of model").asDouble(), 1e-6);
      }
    }
    assertEquals(2, references);
    assertEquals(6, report.get("views").size());
  }

  @Test
  void halfOfAPublishedNetworkIsRefused() {
    for (String[] half :
        new String[][] {
          {"--lpips-heads", "--lpips-backbone"},
          {"--lpips-backbone", "--lpips-heads"},
          {"--vocabulary", "--clip"}
        }) {
      Console done =
          Console.run(
              "evaluate --model ? --data ? --split ? --samples 1 --out ? ? ?",
              model,
              data,
              split,
              folder.resolve("out"),
              half[0],
              folder.resolve("file"));
      assertEquals(1, done.status());
      assertTrue(done.err().contains(half[0] + ": needs " + half[1]), done.err());
      assertFalse(Files.exists(folder.resolve("out/report.json")));
    }
  }
}
