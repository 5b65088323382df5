package dev.azimuth.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.file.FileFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {
  @TempDir private Path folder;

  @Test
  void aConfigurationComesBackAsItWas() throws IOException {
    Path file = folder.resolve("config.json");
    Configuration.write(file, TinyModels.model());
    assertEquals(TinyModels.model(), Configuration.read(file, ModelConfig.class));
  }

  /** Each edit of a good file is refused with one line that names the file and the key. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"image_size\" : 16 | \"image_size\" : 15 | image_size",
        "\"image_size\" : 16 | \"image_size\" : \"wide\" | image_size",
        "\"image_size\" : 16 | \"image_size\" : 16, \"picture_size\" : 16 | picture_size",
        "\"image_size\" : 16 | \"image_size\" : 16.5 | image_size",
        "\"image_size\" : 16 | \"image_size\" : \"16\" | image_size",
        "\"image_size\" : 16 | \"image_size\" : 18 | unet",
        "\"scale_factor\" : 0.7 | \"scale_factor\" : 0 | scale_factor",
        "\"scale_factor\" : 0.7, | '' | scale_factor",
        "\"num_heads\" : 2 | \"num_heads\" : 3 | num_heads",
        "\"model_channels\" : 4, | '' | model_channels",
        "\"channel_mult\" : [ 1, 2 ], | '' | channel_mult",
        "\"in_channels\" : 4 | \"in_channels\" : 5 | in_channels",
        "\"patch_size\" : 4 | \"patch_size\" : 9 | patch_size",
        "\"ZERO123\" | \"ZERO\" | conditioner",
        "\"linear_start\" : 8.5E-4 | \"linear_start\" : -1 | schedule",
        "\"steps\" : 50 | \"steps\" : 0 | steps",
      })
  void refusesWhatCannotBe(String good, String bad, String named) throws IOException {
    String json = Configuration.format(TinyModels.model());
    assertTrue(json.contains(good), json);
    Path file =
        Files.writeString(folder.resolve("config.json"), json.replaceFirst(quoted(good), bad));
    FileFormatException refused =
        assertThrows(FileFormatException.class, () -> Configuration.read(file, ModelConfig.class));
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.startsWith(file + ": ") && message.contains(named), message);
    assertEquals(1, message.lines().count(), message);
  }

  private static String quoted(String text) {
    return Pattern.quote(text);
  }

  @Test
  void refusesTruncatedTextAndFolders() throws IOException {
    Path file = Files.writeString(folder.resolve("half.json"), "{\"image_size\": 16");
    assertThrows(FileFormatException.class, () -> Configuration.read(file, ModelConfig.class));
    FileFormatException refused =
        assertThrows(
            FileFormatException.class, () -> Configuration.read(folder, ModelConfig.class));
    assertTrue(String.valueOf(refused.getMessage()).contains("folder"), refused.getMessage());
  }

  @Test
  void absentGroupsAreTheReferences() {
    UNetConfig config =
        Configuration.parse(
            """
            {"in_channels": 8, "out_channels": 4, "model_channels": 320, "num_res_blocks": 2,
             "attention_resolutions": [4, 2, 1], "channel_mult": [1, 2, 4, 4], "num_heads": 8,
             "transformer_depth": 1, "context_dim": 768}
            """,
            UNetConfig.class);
    assertEquals(32, config.numGroups());
  }
}
