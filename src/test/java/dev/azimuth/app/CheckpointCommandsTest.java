package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.file.Json;
import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.file.TestFiles;
import dev.azimuth.views.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models in every layout, from the command line. */
final class CheckpointCommandsTest {
  private static final Path CKPT = TestFiles.reference("formats/zero123-tiny.ckpt");
  private static final Path TWIN = TestFiles.reference("formats/zero123-tiny.safetensors");

  @TempDir static Path shared;
  private static Path model;
  private static Path picture;

  @TempDir Path folder;

  @BeforeAll
  static void makeInputs() throws IOException {
    model = TinyModel.write(shared.resolve("model"));
    picture = TinyData.write(shared.resolve("data")).resolve("cube/000.png");
  }

  private static Console succeed(String command, Object... args) {
    Console done = Console.run(command, args);
    assertEquals(0, done.status(), done.err());
    return done;
  }

  private static void refused(String reason, String command, Object... args) {
    Console done = Console.run(command, args);
    assertEquals(1, done.status(), done.out());
    assertTrue(done.err().contains(reason), done.err());
    assertEquals(1, done.err().lines().count(), done.err());
  }

  private byte[] synthesize(Path from, String more) throws IOException {
    Path out = folder.resolve("view.png");
    succeed(
        "synthesize --image ? --model ? --seed 3 --azimuth 30 --out ? " + more, picture, from, out);
    return Files.readAllBytes(out);
  }

  /** The configuration of the sample, of which its metadata has the reference's sections. */
  private Path sampleConfig() throws IOException {
    Json.Obj config;
    try (SafeTensors twin = SafeTensors.open(TWIN)) {
      config = (Json.Obj) Json.parse(TWIN, "metadata", twin.metadata().get("config"));
    }
    assertEquals(
        new Json.Num("4"), ((Json.Obj) config.members().get("unet")).members().get("num_heads"));
    Path file = folder.resolve("sample.json");
    Files.writeString(
        file,
        """
        {
          "conditioner": "ZERO123", "image_size": 16, "scale_factor": 0.18215,
          "schedule": {"timesteps": 1000, "linear_start": 0.00085, "linear_end": 0.012},
          "unet": {
            "in_channels": 8, "out_channels": 4, "model_channels": 32, "attention_resolutions": [1],
            "num_res_blocks": 1, "channel_mult": [1], "num_heads": 4, "transformer_depth": 1,
            "context_dim": 8
          },
          "autoencoder": {
            "ch": 32, "ch_mult": [1], "num_res_blocks": 1, "attn_resolutions": [],
            "in_channels": 3, "out_ch": 3, "z_channels": 4, "resolution": 16, "embed_dim": 4
          },
          "clip": {
            "input_resolution": 8, "patch_size": 4, "width": 64, "layers": 1, "heads": 1,
            "output_dim": 24
          }
        }
        """);
    return file;
  }

  /** A checkpoint as Lightning wrote it makes the picture that its twin makes. */
  @Test
  void theSampleCheckpointMakesAPicture() throws IOException {
    String config = "--steps 3 --config " + sampleConfig();
    byte[] made = synthesize(CKPT, config);
    assertEquals(16, Image.read(folder.resolve("view.png")).width());
    assertArrayEquals(made, synthesize(TWIN, config));
    byte[] raw = synthesize(CKPT, config + " --no-ema");
    assertFalse(Arrays.equals(made, raw), "the moving average is used");
    assertArrayEquals(raw, synthesize(TWIN, config + " --no-ema"));
  }

  /** Two tokens from one: the same picture, but for what rounding moves across an 8-bit step. */
  @Test
  void aStackedModelMakesThePublishedPicture() throws IOException {
    Path stacked = folder.resolve("stacked");
    succeed("convert ? ? --stack", model, stacked);
    synthesize(model, "");
    float[] published = Image.read(folder.resolve("view.png")).rgba();
    synthesize(stacked, "");
    assertArrayEquals(published, Image.read(folder.resolve("view.png")).rgba(), 1.5f / 255);
    refused("ZERO123", "convert ? ? --stack", stacked, folder.resolve("again"));
    refused("--stack", "convert ? ? --stack", model, folder.resolve("model.ckpt"));
  }

  /** Its shapes tell all sizes but one: eight heads would do as well as its four. */
  @Test
  void sizesAreToldFromShapesAndTheUserOfWhatIsNot() {
    Console info = succeed("info ?", CKPT);
    for (String part :
        List.of(
            "layout zero123-ckpt",
            "\"model_channels\" : 32",
            "8 heads",
            "moving average (EMA) of the UNet: yes",
            "global_step = 105000",
            "F16")) {
      assertTrue(info.out().contains(part), info.out());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "zero123-ckpt, m.ckpt",
    "safetensors, m.safetensors",
    "diffusers-kxic, m",
    "diffusers-bennyguo, m",
    "azimuth, m"
  })
  void everyLayoutIsConvertedDescribedAndRun(String layout, String name) throws IOException {
    Path out = folder.resolve(name);
    Console done = succeed("convert ? ? --to ?", model, out, layout);
    assertTrue(done.out().contains(layout), done.out());
    Console info = succeed("info ? --names", out);
    assertTrue(info.out().contains("layout " + layout), info.out());
    assertTrue(info.out().contains("moving average (EMA) of the UNet: no"), info.out());
    String sampling = "--sampler reference --steps 4 --scale 2 --eta 1";
    byte[] expected = synthesize(model, sampling);
    // views of 16 pixels need no resizing for this tower, so that both dialects agree
    assertArrayEquals(expected, synthesize(out, sampling));
    refused("is in the way", "convert ? ? --to ?", model, out, layout);
    succeed("convert ? ? --to ? --force", model, out, layout);
  }

  @ParameterizedTest
  @ValueSource(strings = {"m.ckpt", "m.safetensors", "m"})
  void theLayoutGoesByTheName(String name) {
    String layout =
        name.endsWith("ckpt") ? "zero123-ckpt" : name.equals("m") ? "azimuth" : "safetensors";
    Console done = succeed("convert ? ?", model, folder.resolve(name));
    assertTrue(done.out().endsWith(": " + layout + "\n"), done.out());
  }

  @Test
  void halfPrecisionAtRest() throws IOException {
    Path half = folder.resolve("half");
    succeed("convert ? ? --dtype f16", model, half);
    byte[] wide = synthesize(half, "");
    // every weight is a float16 already, so that nothing is rounded
    assertArrayEquals(wide, synthesize(half, "--low-memory"));
    assertTrue(succeed("info ?", half).out().contains("F16"));
  }

  @Test
  void stableZero123IsAskedFor() throws IOException {
    Path named = folder.resolve("stable_zero123.safetensors");
    succeed("convert ? ?", model, named);
    Path out = folder.resolve("view.png");
    Console hint = succeed("synthesize --image ? --model ? --out ?", picture, named, out);
    assertTrue(hint.err().contains("--pose stable-zero123"), hint.err());
    String stable = "synthesize --image ? --model ? --out ? --pose stable-zero123";
    refused("--input-elevation", stable, picture, named, out);
    Console told = succeed(stable + " --input-elevation 20", picture, named, out);
    assertEquals("", told.err());
  }

  @Test
  void filesThatAreNoModel() throws IOException {
    Path other = TestFiles.reference("formats/views.safetensors");
    Path out = folder.resolve("view.png");
    refused(
        "not a Zero-1-to-3 model", "synthesize --image ? --model ? --out ?", picture, other, out);
    assertTrue(succeed("info ?", other).out().contains("in no layout"));
    Path text = Files.writeString(folder.resolve("text.ckpt"), "not tensors, for all its name");
    refused(text.toString(), "info ?", text);
    Path half = folder.resolve("half.ckpt");
    byte[] whole = Files.readAllBytes(CKPT);
    Files.write(half, Arrays.copyOf(whole, whole.length / 2));
    refused(half.toString(), "info ?", half);
    refused(half.toString(), "convert ? ?", half, folder.resolve("out"));
    assertFalse(Files.exists(folder.resolve("out")));
  }

  /** What is in a model that can't be run is shown all the same, with the reason. */
  @Test
  void aModelThatDoesNotFitIsDescribed() throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, TinyModel.CONFIG);
    Console info = succeed("info ? --config ?", CKPT, config);
    assertTrue(info.out().contains("can't be run: "), info.out());
    assertTrue(info.out().contains("misshapen"), info.out());
    assertTrue(info.out().contains("cc_projection"), info.out());
  }
}
