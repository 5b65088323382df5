package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.ParameterSource.Stored;
import dev.azimuth.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cross-attention looked at, of a model that attends to one token. */
class DiagnosisTest {
  @TempDir Path folder;

  /**
   * The published numbers, from the shapes: what diagnose finds on such a model by its gradients.
   */
  @Test
  void thePublishedSizeHasSoManyDeadQueriesAndKeys() throws IOException {
    Path file = Path.of(System.getProperty("azimuth.home", ".")).resolve("models/full-size");
    ModelConfig config = Configuration.read(file.resolve("config.json"), ModelConfig.class);
    SequencedMap<String, Shape> shapes = Zero123.parameterShapes(config);
    assertEquals(16, Diagnosis.blocks(shapes).size());
    Map<String, Integer> sizes = Diagnosis.queriesAndKeys(shapes);
    assertEquals(32, sizes.size());
    assertEquals(21_975_040, sizes.values().stream().mapToInt(n -> n).sum());
    int norms =
        shapes.entrySet().stream()
            .filter(shape -> Diagnosis.isQueryNorm(shape.getKey()))
            .mapToInt(shape -> shape.getValue().size())
            .sum();
    assertEquals(24_960, norms);
  }

  @Test
  void oneTokenLeavesQueriesAndKeysWithoutGradientAndNothingElse() throws IOException {
    Path model = TinyModel.write(folder.resolve("model"));
    Path data = TinyData.write(folder.resolve("data"));
    Path out = folder.resolve("diagnosis.json");
    Console done = Console.run("diagnose --model ? --data ? --pairs 2 --out ?", model, data, out);
    assertEquals(0, done.status(), done.err());
    JsonNode diagnosis = new ObjectMapper().readTree(out.toFile());
    ModelConfig config = Configuration.parse(TinyModel.CONFIG, ModelConfig.class);
    Set<String> expected = new TreeSet<>();
    for (String name : Zero123.parameterShapes(config).keySet()) {
      if (Diagnosis.isQueryOrKey(name) || Diagnosis.isQueryNorm(name)) {
        expected.add(name.substring("model.diffusion_model.".length()));
      }
    }
    Set<String> dead = new TreeSet<>();
    diagnosis.get("dead").fieldNames().forEachRemaining(dead::add);
    assertEquals(expected, dead);
    assertEquals(1, diagnosis.get("tokens").asInt());
    for (JsonNode layer : diagnosis.get("layers")) {
      assertEquals(1, layer.get("tokens").asInt());
      assertEquals(0, layer.get("entropy").asDouble());
      assertEquals(0, layer.get("queryGradient").asDouble());
    }
    JsonNode savings = diagnosis.get("savings");
    assertTrue(savings.get("collapsed").asLong() < savings.get("attending").asLong() / 2);
    assertTrue(done.out().contains(" 0 others"), done.out());
  }

  /** A second token is all that they need. */
  @Test
  void stackedTokensLeaveNothingDead() throws IOException {
    String stacked = "{\"kind\": \"STACKED\", \"tokens\": [\"POOLED\", \"POSE\"]}";
    Path model =
        TinyModel.write(folder.resolve("model"), TinyModel.CONFIG.replace("\"ZERO123\"", stacked));
    Path out = folder.resolve("diagnosis.json");
    Console done = Console.run("diagnose --model ? --pairs 2 --out ?", model, out);
    assertEquals(0, done.status(), done.err());
    JsonNode diagnosis = new ObjectMapper().readTree(out.toFile());
    assertEquals(0, diagnosis.get("dead").size(), diagnosis.get("dead").toString());
    assertEquals(2, diagnosis.get("tokens").asInt());
    assertTrue(diagnosis.get("savings").isNull(), "there is no path without attention");
    for (JsonNode layer : diagnosis.get("layers")) {
      double entropy = layer.get("entropy").asDouble();
      assertTrue(entropy > 0 && entropy <= Math.log(2), "entropy " + entropy);
      assertTrue(layer.get("queryGradient").asDouble() > 0);
      assertTrue(layer.get("keyGradient").asDouble() > 0);
    }
    assertTrue(done.out().contains("exactly zero): 0 parameters of to_q and to_k"), done.out());
  }

  @Test
  void entropyIsThatOfTheSoftmax() {
    assertEquals(0, AttentionProbe.entropy(new double[] {-3}), 0);
    assertEquals(Math.log(5), AttentionProbe.entropy(new double[] {7, 7, 7, 7, 7}), 1e-15);
    double p = 0.9;
    double two = -p * Math.log(p) - (1 - p) * Math.log(1 - p);
    double[] scores = {1000 + Math.log(p), 1000 + Math.log(1 - p)};
    assertEquals(two, AttentionProbe.entropy(scores), 1e-12);
  }

  /** Queries and keys that shrank by one factor, values that went elsewhere. */
  @Test
  void pureDecayIsRecognised() {
    String block = "a.attn2.";
    Map<String, Stored> start = new LinkedHashMap<>();
    Map<String, Stored> now = new LinkedHashMap<>();
    float factor = (float) Math.pow(1 - 1e-6, 105_000);
    for (String name : new String[] {"to_q.weight", "to_k.weight", "to_v.weight"}) {
      float[] w = {1, -2, 3, 0.5f};
      float[] after = new float[4];
      for (int i = 0; i < 4; i++) {
        after[i] = name.startsWith("to_v") ? w[3 - i] : factor * w[i];
      }
      start.put(block + name, new Stored(Shape.of(2, 2), w));
      now.put(block + name, new Stored(Shape.of(2, 2), after));
    }
    Diagnosis.Decay decay =
        CrossAttentionProbe.decay(ParameterSource.of(now), ParameterSource.of(start), now.keySet());
    assertNotNull(decay);
    assertEquals(factor, decay.factor(), 1e-6);
    assertTrue(decay.residual() < 1e-3, "rounding to float32, and its cancellation");
    assertTrue(decay.liveResidual() > 0.5);
    assertEquals(105_000, decay.steps(), 1);
    start.remove(block + "to_k.weight");
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                CrossAttentionProbe.decay(
                    ParameterSource.of(now), ParameterSource.of(start), now.keySet()));
    assertTrue(e.getMessage().contains("--start: has no a.attn2.to_k.weight"), e.getMessage());
  }

  @Test
  void startOfAnotherModelIsRefused() throws IOException {
    Path model = TinyModel.write(folder.resolve("model"));
    Path missing = folder.resolve("none");
    Console done = Console.run("diagnose --model ? --start ? --pairs 1", model, missing);
    assertEquals(1, done.status());
    assertTrue(done.err().contains(missing.toString()), done.err());
    assertTrue(Files.exists(model));
  }
}
