package dev.azimuth.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.file.SafeTensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders of diffusers as they come: of several times and dialects, and incomplete. */
final class DiffusersFolderTest {
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

  @TempDir Path temporary;
  private Path folder;

  @BeforeEach
  void writeModel() throws IOException {
    folder = temporary.resolve("model");
    Path file =
        TinyCheckpoint.write(temporary.resolve("m.safetensors"), TinyCheckpoint.parameters());
    try (Checkpoint from = Checkpoint.open(file)) {
      new LayoutWriter(CheckpointLayout.DIFFUSERS_KXIC, null, true)
          .write(from, folder, false, (_, _) -> {});
    }
  }

  /** Writes a part's weights anew, with other names and, for matrices, as convolutions. */
  private void rename(String part, UnaryOperator<String> rename, boolean asConvolutions)
      throws IOException {
    Path file = folder.resolve(part).resolve(WEIGHTS);
    SafeTensorsWriter writer = new SafeTensorsWriter();
    try (SafeTensors old = SafeTensors.open(file)) {
      for (SafeTensors.Entry tensor : old.entries().values()) {
        int[] shape = tensor.shape();
        boolean isMatrix = asConvolutions && shape.length == 2;
        int[] written = isMatrix ? new int[] {shape[0], shape[1], 1, 1} : shape;
        writer.add(rename.apply(tensor.name()), written, tensor.floats());
      }
    }
    writer.write(file);
  }

  private String refused() {
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> Checkpoint.open(folder).close());
    return String.valueOf(e.getMessage());
  }

  private void replace(String file, String old, String replacement) throws IOException {
    Path path = folder.resolve(file);
    String text = Files.readString(path);
    assertTrue(text.contains(old), text);
    Files.writeString(path, text.replace(old, replacement));
  }

  @Test
  void theOlderNamesOfAttention() throws IOException {
    rename(
        "vae",
        name ->
            name.replace("to_q", "query")
                .replace("to_k", "key")
                .replace("to_v", "value")
                .replace("to_out.0", "proj_attn"),
        true);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      String name = "first_stage_model.encoder.mid.attn_1.k.weight";
      assertArrayEquals(
          TinyCheckpoint.parameters().get(name).values(), checkpoint.parameters().values(name));
    }
  }

  @Test
  void theOtherDialectsKeysAreRefused() throws IOException {
    Files.move(folder.resolve("cc_projection"), folder.resolve("clip_camera_projection"));
    String reason = refused();
    assertTrue(reason.contains("missing: clip_camera_projection/proj.weight"), reason);
    assertTrue(reason.contains("unexpected: clip_camera_projection/projection.bias"), reason);
    rename("clip_camera_projection", name -> name.replace("projection", "proj"), false);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(CheckpointLayout.DIFFUSERS_BENNYGUO, checkpoint.layout());
    }
    Files.createDirectory(folder.resolve("cc_projection"));
    assertTrue(refused().contains("both"));
  }

  @ParameterizedTest
  @CsvSource({
    "unet/" + WEIGHTS + ", unet: no weights",
    "vae/" + WEIGHTS + ", vae: no weights",
    "image_encoder/model.safetensors, image_encoder: no weights",
    "cc_projection/" + WEIGHTS + ", cc_projection: no weights"
  })
  void missingWeights(String file, String reason) throws IOException {
    Files.delete(folder.resolve(file));
    assertTrue(refused().contains(reason), refused());
  }

  @ParameterizedTest
  @CsvSource({
    "unet/config.json",
    "vae/config.json",
    "image_encoder/config.json",
    "scheduler/scheduler_config.json"
  })
  void missingConfigurations(String file) throws IOException {
    Files.delete(folder.resolve(file));
    IOException e = assertThrows(IOException.class, () -> Checkpoint.open(folder).close());
    assertTrue(String.valueOf(e.getMessage()).contains(file), e.getMessage());
  }

  @Test
  void aMissingProjection() throws IOException {
    Files.move(folder.resolve("cc_projection"), temporary.resolve("gone"));
    assertTrue(refused().contains("neither"), refused());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "unet/config.json | \"act_fn\" : \"silu\" | \"act_fn\" : \"gelu\" | act_fn",
        "unet/config.json | \"sample_size\" : 8 | \"sample_size\" : \"x\" | sample_size",
        "unet/config.json | \"CrossAttnDownBlock2D\" | \"SimpleCrossAttnDownBlock2D\""
            + " | down_block_types",
        "unet/config.json | \"flip_sin_to_cos\" : true | \"flip_sin_to_cos\" : false"
            + " | flip_sin_to_cos",
        "vae/config.json | \"latent_channels\" : 2, | | latent_channels",
        "image_encoder/config.json | quick_gelu | gelu | hidden_act",
        "scheduler/scheduler_config.json | scaled_linear | linear | beta_schedule",
        "scheduler/scheduler_config.json | \"epsilon\" | \"sample\" | prediction_type",
      })
  void otherNetworksAreRefusedByTheirField(
      String file, String old, String replacement, String field) throws IOException {
    replace(file, old, replacement == null ? "" : replacement);
    String reason = refused();
    assertTrue(reason.contains(file) && reason.contains(field + ": "), reason);
  }

  /** Newer configurations list what is the same at each level, or leave it null. */
  @Test
  void headsInTheWaysOfNewerVersions() throws IOException {
    replace(
        "unet/config.json",
        "\"attention_head_dim\" : 2,",
        "\"attention_head_dim\" : [2, 2], \"num_attention_heads\" : null,");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(2, checkpoint.config().unet().numHeads());
    }
    replace("unet/config.json", "[2, 2]", "[2, 4]");
    assertTrue(refused().contains("attention_head_dim"), refused());
  }

  /** diffusers' default of 64 stands in files of models that were trained at 256 pixels. */
  @Test
  void picturesAreNoLargerThanTheModelWasTrainedAt() throws IOException {
    replace("unet/config.json", "\"sample_size\" : 8", "\"sample_size\" : 640");
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      assertEquals(256, checkpoint.config().imageSize());
    }
  }
}
