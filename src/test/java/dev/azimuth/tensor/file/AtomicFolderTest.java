package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AtomicFolderTest {
  @TempDir Path parent;

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.walk(parent)) {
      return files.filter(Files::isRegularFile).map(f -> parent.relativize(f).toString()).toList();
    }
  }

  private static void fill(Path folder, String name) throws IOException {
    Files.createDirectories(folder.resolve("deep"));
    Files.writeString(folder.resolve("deep").resolve(name), name);
  }

  @Test
  void replacesAWholeFolder() throws IOException {
    Path target = parent.resolve("target");
    AtomicFolder.write(target, folder -> fill(folder, "first"));
    assertEquals(List.of("target/deep/first"), files());
    AtomicFolder.write(target, folder -> fill(folder, "second"));
    assertEquals(List.of("target/deep/second"), files());
  }

  @Test
  void aFailureLeavesTheOlderFolder() throws IOException {
    Path target = parent.resolve("target");
    AtomicFolder.write(target, folder -> fill(folder, "first"));
    IOException failure = new IOException("no more");
    IOException thrown =
        assertThrows(
            IOException.class,
            () ->
                AtomicFolder.write(
                    target,
                    folder -> {
                      fill(folder, "second");
                      throw failure;
                    }));
    assertEquals(failure, thrown);
    assertEquals(List.of("target/deep/first"), files());
    try (Stream<Path> left = Files.list(parent)) {
      assertEquals(1, left.count());
    }
  }

  @Test
  void namesWhatIsInTheWay() throws IOException {
    Path file = Files.writeString(parent.resolve("file"), "");
    for (Path wrong : List.of(file, file.resolve("inner"), parent.resolve("none/inner"))) {
      IOException e =
          assertThrows(
              IOException.class, () -> AtomicFolder.write(wrong, folder -> fill(folder, "x")));
      assertTrue(String.valueOf(e.getMessage()).startsWith("cannot write " + wrong), e::toString);
    }
    assertEquals(List.of("file"), files());
  }
}
