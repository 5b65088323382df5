package dev.azimuth.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.file.StoredTensor;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every layout into every other. */
final class ConversionTest {
  @TempDir Path folder;
  private Path original;

  @BeforeEach
  void writeOriginal() throws IOException {
    original =
        TinyCheckpoint.write(folder.resolve("original.safetensors"), TinyCheckpoint.stateDict());
  }

  private static List<String> convert(Path in, CheckpointLayout to, Path out) throws IOException {
    return convert(in, to, null, out, false);
  }

  private static List<String> convert(
      Path in, CheckpointLayout to, @Nullable ElementType type, Path out, boolean isReplacing)
      throws IOException {
    try (Checkpoint from = Checkpoint.open(in)) {
      return new LayoutWriter(to, type, true).write(from, out, isReplacing, (_, _) -> {});
    }
  }

  private static Map<String, ParameterSource.Stored> parameters(Path path) throws IOException {
    Map<String, ParameterSource.Stored> all = new LinkedHashMap<>();
    try (Checkpoint checkpoint = Checkpoint.open(path)) {
      ParameterSource source = checkpoint.parameters();
      for (String name : source.names()) {
        all.put(name, new ParameterSource.Stored(source.shape(name), source.values(name)));
      }
    }
    return all;
  }

  private static void assertSame(
      Map<String, ParameterSource.Stored> expected, Map<String, ParameterSource.Stored> actual) {
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach(
        (name, stored) -> {
          assertEquals(stored.shape(), actual.get(name).shape(), name);
          assertArrayEquals(stored.values(), actual.get(name).values(), name);
        });
  }

  static Stream<Arguments> pairs() {
    return Arrays.stream(CheckpointLayout.values())
        .flatMap(a -> Arrays.stream(CheckpointLayout.values()).map(b -> Arguments.of(a, b)));
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void thereAndBackNoNumberChanges(CheckpointLayout first, CheckpointLayout second)
      throws IOException {
    Path there = folder.resolve("there");
    Path further = folder.resolve("further");
    Path back = folder.resolve("back");
    convert(original, first, there);
    convert(there, second, further);
    convert(further, CheckpointLayout.SAFETENSORS, back);
    assertSame(parameters(original), parameters(further));
    assertSame(parameters(original), parameters(back));
    try (Checkpoint one = Checkpoint.open(there);
        Checkpoint two = Checkpoint.open(further)) {
      assertEquals(first, one.layout());
      assertEquals(second, two.layout());
      assertEquals(sizes(TinyCheckpoint.config()), sizes(two.config()));
    }
  }

  /** What every layout has a place for. */
  private static ModelConfig sizes(ModelConfig c) {
    return new ModelConfig(
        c.conditioner(),
        c.imageSize(),
        c.scaleFactor(),
        c.schedule(),
        c.predictionType(),
        c.unet(),
        c.autoencoder(),
        c.clip(),
        ClipPreprocess.Resizing.REFERENCE,
        PoseEncoding.ZERO123,
        DiffusersConfig.SAMPLING,
        null);
  }

  @Test
  void theDialectsResizeAsTheirPipelinesDo() throws IOException {
    for (CheckpointLayout layout :
        List.of(CheckpointLayout.DIFFUSERS_KXIC, CheckpointLayout.DIFFUSERS_BENNYGUO)) {
      Path out = folder.resolve(layout.toString());
      List<String> notes = convert(original, layout, out);
      try (Checkpoint checkpoint = Checkpoint.open(out)) {
        assertEquals(
            layout == CheckpointLayout.DIFFUSERS_KXIC
                ? ClipPreprocess.Resizing.REFERENCE
                : ClipPreprocess.Resizing.ANTIALIASED,
            checkpoint.config().clipResize());
        assertEquals(DiffusersConfig.SAMPLING, checkpoint.config().sampling());
      }
      assertTrue(
          notes.toString().contains("the moving average, not the raw ones"), notes::toString);
      assertTrue(notes.toString().contains("5 tensors left out"), notes::toString);
    }
  }

  /** Queries are the first rows of the joined projection; the last projection is transposed. */
  @Test
  void reorderedTensors() throws IOException {
    convert(original, CheckpointLayout.DIFFUSERS_KXIC, folder.resolve("out"));
    Map<String, ParameterSource.Stored> all = TinyCheckpoint.parameters();
    try (SafeTensors file =
        SafeTensors.open(folder.resolve("out/image_encoder/model.safetensors"))) {
      String block = "vision_model.encoder.layers.1.self_attn.";
      float[] joined =
          all.get("cond_stage_model.model.visual.transformer.resblocks.1.attn.in_proj_weight")
              .values();
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(
            Arrays.copyOfRange(joined, i * 36, (i + 1) * 36),
            file.entry(block + "qkv".charAt(i) + "_proj.weight").floats());
      }
      float[] ours = all.get("cond_stage_model.model.visual.proj").values();
      float[] theirs = file.entry("visual_projection.weight").floats();
      assertArrayEquals(new int[] {5, 6}, file.entry("visual_projection.weight").shape());
      for (int row = 0; row < 6; row++) {
        for (int column = 0; column < 5; column++) {
          assertEquals(ours[row * 5 + column], theirs[column * 6 + row]);
        }
      }
      assertEquals("pt", file.metadata().get("format"));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"SAFETENSORS", "ZERO123_CKPT"})
  void aStateDictStaysWhole(CheckpointLayout layout) throws IOException {
    Path out = folder.resolve("out");
    convert(original, layout, out);
    try (ModelFiles before = ModelFiles.open(original);
        ModelFiles after = ModelFiles.open(out)) {
      Map<String, StoredTensor> copies = after.tensors();
      assertEquals(before.tensors().keySet(), copies.keySet());
      for (StoredTensor tensor : before.tensors().values()) {
        StoredTensor copy = copies.get(tensor.name());
        assertEquals(tensor.type(), copy.type());
        assertArrayEquals(tensor.shape(), copy.shape());
        assertArrayEquals(tensor.bytes(), copy.bytes());
      }
      assertEquals("105000", after.metadata().get("global_step"));
    }
  }

  @Test
  void theAverageIsLeftOutIfAskedTo() throws IOException {
    Path out = folder.resolve("raw.safetensors");
    try (Checkpoint from = Checkpoint.open(original, new Checkpoint.Options(false, null, null))) {
      List<String> notes =
          new LayoutWriter(CheckpointLayout.SAFETENSORS, null, false)
              .write(from, out, false, (_, _) -> {});
      assertTrue(notes.toString().contains("left out: the moving average"), notes::toString);
    }
    try (Checkpoint raw = Checkpoint.open(out)) {
      assertFalse(raw.isAverage());
      String name = "model.diffusion_model.out.2.weight";
      assertArrayEquals(
          TinyCheckpoint.parameters().get(name).values(), raw.parameters().values(name));
    }
  }

  @ParameterizedTest
  @EnumSource(CheckpointLayout.class)
  void roundsToNearest(CheckpointLayout layout) throws IOException {
    Map<String, ParameterSource.Stored> before = parameters(original);
    convert(original, layout, ElementType.F16, folder.resolve("half"), false);
    parameters(folder.resolve("half"))
        .forEach(
            (name, stored) -> {
              float[] exact = before.get(name).values();
              for (int i = 0; i < exact.length; i++) {
                assertEquals(
                    Float.float16ToFloat(Float.floatToFloat16(exact[i])), stored.values()[i], name);
              }
            });
    convert(folder.resolve("half"), layout, folder.resolve("again"));
    assertSame(parameters(folder.resolve("half")), parameters(folder.resolve("again")));
    try (ModelFiles files = ModelFiles.open(folder.resolve("again"))) {
      for (Map.Entry<String, StoredTensor> tensor : files.tensors().entrySet()) {
        if (tensor.getKey().contains("conv")) {
          assertEquals(ElementType.F16, tensor.getValue().type(), tensor.getKey());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(CheckpointLayout.class)
  void whatFailsLeavesNothing(CheckpointLayout layout) throws IOException {
    Map<String, ParameterSource.Stored> all = TinyCheckpoint.parameters();
    all.get("cc_projection.weight").values()[3] = 1e6f;
    Path large = TinyCheckpoint.write(folder.resolve("large.safetensors"), all);
    List<Path> before = files();
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> convert(large, layout, ElementType.F16, folder.resolve("out"), false));
    assertTrue(String.valueOf(e.getMessage()).contains("1000000.0"), e.getMessage());
    assertEquals(before, files());
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return new ArrayList<>(files.sorted().toList());
    }
  }

  @ParameterizedTest
  @EnumSource(CheckpointLayout.class)
  void replacesOnlyIfAskedTo(CheckpointLayout layout) throws IOException {
    Path out = folder.resolve("out");
    convert(original, layout, ElementType.F16, out, false);
    assertThrows(FileAlreadyExistsException.class, () -> convert(original, layout, out));
    convert(original, layout, null, out, true);
    assertSame(parameters(original), parameters(out));
    assertEquals(2, files().stream().filter(f -> folder.equals(f.getParent())).count());
  }

  @Test
  void aFolderOfOtherThingsIsNeverReplaced() throws IOException {
    Path home = Files.createDirectory(folder.resolve("home"));
    Path letter = Files.writeString(home.resolve("letter.txt"), "dear");
    assertThrows(
        IOException.class, () -> convert(original, CheckpointLayout.AZIMUTH, null, home, true));
    assertTrue(Files.exists(letter));
    assertThrows(
        IOException.class, () -> convert(original, CheckpointLayout.SAFETENSORS, null, home, true));
    assertTrue(Files.exists(letter));
  }
}
