package dev.azimuth.tensor.file;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the files lie that tests read. */
public final class TestFiles {
  private TestFiles() {}

  /** A record or sample of the reference implementation. */
  public static Path reference(String name) {
    return find(Path.of("reference", name));
  }

  static Path resource(String name) {
    return find(Path.of("resources", name));
  }

  /** Maven runs the tests in src/test, a developer often in the root. */
  private static Path find(Path file) {
    return Files.exists(file) ? file : Path.of("src", "test").resolve(file);
  }
}
