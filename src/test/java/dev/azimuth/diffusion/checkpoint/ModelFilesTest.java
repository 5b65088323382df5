package dev.azimuth.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ModelFilesTest {
  @TempDir Path folder;

  @Test
  void tensorsAreTheSameHoweverOftenFilesAreMapped() throws IOException {
    Map<String, ParameterSource.Stored> all = TinyCheckpoint.stateDict();
    Path file = TinyCheckpoint.write(folder.resolve("m.safetensors"), all);
    try (ModelFiles files = ModelFiles.open(file, 500)) {
      StoredTensor first = files.tensor("cc_projection.weight");
      for (Map.Entry<String, ParameterSource.Stored> stored : all.entrySet()) {
        assertArrayEquals(stored.getValue().values(), files.tensor(stored.getKey()).floats());
      }
      assertNotSame(first, files.tensor("cc_projection.weight"));
      assertThrows(FileFormatException.class, () -> files.tensor("none"));
    }
  }

  @Test
  void aFileThatChangesWhileItIsReadIsNoticed() throws IOException {
    Path file = folder.resolve("m.safetensors");
    TinyCheckpoint.write(file, Map.of("a", stored(100), "b", stored(100)));
    try (ModelFiles files = ModelFiles.open(file, 500)) {
      files.tensor("a");
      Files.delete(file);
      TinyCheckpoint.write(file, Map.of("a", stored(100), "b", stored(50)));
      FileFormatException e = assertThrows(FileFormatException.class, () -> files.tensor("b"));
      assertEquals("has changed while it was read", e.reason());
    }
  }

  private static ParameterSource.Stored stored(int length) {
    return new ParameterSource.Stored(Shape.of(length), new float[length]);
  }
}
