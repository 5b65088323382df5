package dev.azimuth.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.FileFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Single files in the reference's names. */
final class CheckpointTest {
  private static final Checkpoint.Options RAW = new Checkpoint.Options(false, null, null);
  private static final String RAW_NAME = "model.diffusion_model.middle_block.0.in_layers.2.weight";
  private static final String AVERAGE_NAME =
      "model_ema.diffusion_modelmiddle_block0in_layers2weight";

  @TempDir Path folder;

  private Path file(Map<String, ParameterSource.Stored> stateDict) throws IOException {
    return TinyCheckpoint.write(folder.resolve("model.safetensors"), stateDict);
  }

  private static float[] values(Path file, Checkpoint.Options options, String name)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file, options)) {
      return checkpoint.parameters().values(name);
    }
  }

  private String refused(Map<String, ParameterSource.Stored> stateDict) throws IOException {
    Path file = file(stateDict);
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> Checkpoint.open(file).close());
    assertEquals(file, e.file());
    return e.reason();
  }

  @Test
  void theAverageIsReadUnlessTheRawWeightsAreAskedFor() throws IOException {
    Map<String, ParameterSource.Stored> all = TinyCheckpoint.stateDict();
    Path file = file(all);
    assertArrayEquals(
        all.get(AVERAGE_NAME).values(), values(file, Checkpoint.Options.DEFAULT, RAW_NAME));
    assertArrayEquals(all.get(RAW_NAME).values(), values(file, RAW, RAW_NAME));
    assertFalse(Arrays.equals(all.get(RAW_NAME).values(), all.get(AVERAGE_NAME).values()));
    String projection = "cc_projection.weight"; // it has no average
    assertArrayEquals(
        all.get(projection).values(), values(file, Checkpoint.Options.DEFAULT, projection));
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertEquals(CheckpointLayout.SAFETENSORS, checkpoint.layout());
      assertTrue(checkpoint.isAverage());
      assertEquals(TinyCheckpoint.config(), checkpoint.config());
    }
  }

  @Test
  void withoutAnAverageTheRawWeightsAreRead() throws IOException {
    Map<String, ParameterSource.Stored> all = TinyCheckpoint.parameters();
    Path file = file(all);
    assertArrayEquals(
        all.get(RAW_NAME).values(), values(file, Checkpoint.Options.DEFAULT, RAW_NAME));
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertFalse(checkpoint.isAverage());
    }
  }

  @Test
  void anAverageAloneIsEnoughWithAConfiguration() throws IOException {
    Map<String, ParameterSource.Stored> all = TinyCheckpoint.stateDict();
    all.keySet().removeIf(StateDict::isUNet);
    Path file = file(all);
    assertArrayEquals(
        all.get(AVERAGE_NAME).values(), values(file, Checkpoint.Options.DEFAULT, RAW_NAME));
  }

  @Test
  void anIncompleteAverageIsRefused() throws IOException {
    Map<String, ParameterSource.Stored> all = TinyCheckpoint.stateDict();
    all.remove(AVERAGE_NAME);
    assertTrue(refused(all).contains("1 missing: " + AVERAGE_NAME));
    file(all);
    try (Checkpoint raw = Checkpoint.open(folder.resolve("model.safetensors"), RAW)) {
      assertFalse(raw.isAverage());
    }
  }

  @Test
  void oneErrorListsEveryDifference() throws IOException {
    Map<String, ParameterSource.Stored> all = TinyCheckpoint.parameters();
    all.remove("cc_projection.bias");
    all.remove("first_stage_model.quant_conv.weight");
    all.put("control_model.x", new ParameterSource.Stored(Shape.of(1), new float[1]));
    all.put(RAW_NAME, new ParameterSource.Stored(Shape.of(2, 3), new float[6]));
    String reason = refused(all);
    for (String part :
        List.of(
            "2 missing: ",
            "cc_projection.bias",
            "first_stage_model.quant_conv.weight",
            "1 unexpected: control_model.x",
            "1 misshapen: " + RAW_NAME + " [2, 3] instead of [8, 8, 3, 3]")) {
      assertTrue(reason.contains(part), reason);
    }
  }

  @Test
  void aConfigurationGivenReplacesTheFilesOwn() throws IOException {
    Path file = file(TinyCheckpoint.stateDict());
    Path given = folder.resolve("given.json");
    Files.writeString(
        given,
        Configuration.format(TinyCheckpoint.config())
            .replace("\"scale_factor\" : 0.7", "\"scale_factor\" : 0.6"));
    try (Checkpoint checkpoint =
        Checkpoint.open(file, new Checkpoint.Options(true, given, PoseEncoding.STABLE_ZERO123))) {
      assertEquals(0.6, checkpoint.config().scaleFactor());
      assertEquals(PoseEncoding.STABLE_ZERO123, checkpoint.config().pose());
    }
  }

  @Test
  void aNameAloneNeverMakesItStable() throws IOException {
    Path file =
        TinyCheckpoint.write(
            folder.resolve("Stable_Zero123.safetensors"), TinyCheckpoint.stateDict());
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertEquals(PoseEncoding.ZERO123, checkpoint.config().pose());
      assertEquals(1, checkpoint.notes().size());
      assertTrue(checkpoint.notes().get(0).contains("--pose stable-zero123"));
    }
    Checkpoint.Options told = new Checkpoint.Options(true, null, PoseEncoding.ZERO123);
    try (Checkpoint checkpoint = Checkpoint.open(file, told)) {
      assertEquals(List.of(), checkpoint.notes());
    }
  }

  @Test
  void otherTensorsAreNoModel() throws IOException {
    for (String name : List.of("down_blocks.0.x", "anything.weight")) {
      Path file =
          TinyCheckpoint.write(
              folder.resolve("other.safetensors"),
              Map.of(name, new ParameterSource.Stored(Shape.of(1), new float[1])));
      FileFormatException e =
          assertThrows(FileFormatException.class, () -> Checkpoint.open(file).close());
      String hint = name.startsWith("down") ? "diffusers folder" : "model.diffusion_model.";
      assertTrue(e.reason().contains(hint), e.reason());
      try (ModelFiles files = ModelFiles.open(file)) {
        assertEquals(2, files.tensors().size());
      }
    }
  }

  @Test
  void truncatedFilesAreRefused() throws IOException {
    Path file = file(TinyCheckpoint.stateDict());
    byte[] whole = Files.readAllBytes(file);
    for (int length : List.of(0, 7, 100, whole.length / 2, whole.length - 1)) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThrows(FileFormatException.class, () -> Checkpoint.open(file).close());
    }
  }

  @Test
  void noFolderOfAModel() {
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> Checkpoint.open(folder).close());
    assertTrue(e.reason().contains("model_index.json"), e.reason());
    assertThrows(FileFormatException.class, () -> Checkpoint.open(folder.resolve("none")).close());
  }
}
