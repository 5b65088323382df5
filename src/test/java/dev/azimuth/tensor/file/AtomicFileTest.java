package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
  @TempDir Path folder;

  @Test
  void writesNewFilesAndReplacesOldOnes() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFile.writeString(file, "first Ü");
    assertEquals("first Ü", Files.readString(file));
    byte[] large = new byte[300_001];
    large[300_000] = 7;
    AtomicFile.write(file, large);
    assertArrayEquals(large, Files.readAllBytes(file));
    assertEquals(List.of(file), listing());
  }

  @Test
  void failureLeavesTheOldFileAndNoTemporaryOne() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFile.writeString(file, "old");
    IOException own = new IOException("from the body");
    assertSame(
        own,
        assertThrows(
            IOException.class,
            () ->
                AtomicFile.write(
                    file,
                    out -> {
                      out.write(new byte[100_000]);
                      // half-written, and visible under another name only
                      assertEquals(2, listing().size());
                      throw own;
                    })));
    assertThrows(
        IllegalStateException.class,
        () ->
            AtomicFile.write(
                file,
                out -> {
                  throw new IllegalStateException();
                }));
    assertEquals("old", Files.readString(file));
    assertEquals(List.of(file), listing());
  }

  @Test
  void unwritablePlacesAreNamed() throws IOException {
    Path nowhere = folder.resolve("missing").resolve("a.txt");
    assertEquals(
        "cannot write " + nowhere + ": there is no folder " + nowhere.getParent(),
        refusal(nowhere));
    assertEquals("cannot write " + folder + ": it is a folder", refusal(folder));
    Path inFile = Files.createFile(folder.resolve("file")).resolve("a.txt");
    assertTrue(refusal(inFile).startsWith("cannot write " + inFile + ": "));
  }

  private static String refusal(Path file) {
    return assertThrows(IOException.class, () -> AtomicFile.writeString(file, "x")).getMessage();
  }

  @Test
  void fullDiskIsNamed() {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full));
    assertEquals("cannot write /dev/full: no space left on device", refusal(full));
    assertTrue(Files.exists(full));
  }

  @Test
  void linksStayLinks() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFile.writeString(file, "old");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file.getFileName());
    AtomicFile.writeString(link, "new");
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(file));
  }

  @Test
  void longNamesLeaveRoomForTheTemporaryOne() throws IOException {
    Path file = folder.resolve("ü".repeat(127));
    AtomicFile.writeString(file, "x");
    assertEquals("x", Files.readString(file));
  }

  private List<Path> listing() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
