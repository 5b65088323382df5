package dev.azimuth.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A data set of three boxes. */
final class TinyData {
  static final String BOX =
      """
      v 0 0 0
      v 1 0 0
      v 1 1 0
      v 0 1 0
      v 0 0 %1$s
      v 1 0 %1$s
      v 1 1 %1$s
      v 0 1 %1$s
      f 4 3 2 1
      f 5 6 7 8
      f 1 2 6 5
      f 2 3 7 6
      f 3 4 8 7
      f 4 1 5 8
      """;

  private TinyData() {}

  /** Renders the boxes "flat", "cube" and "tall", 4 views each. */
  static Path write(Path folder) throws IOException {
    Path meshes = Files.createDirectories(folder.resolveSibling(folder.getFileName() + "-meshes"));
    Files.writeString(meshes.resolve("flat.obj"), BOX.formatted("0.2"));
    Files.writeString(meshes.resolve("cube.obj"), BOX.formatted("1"));
    Files.writeString(meshes.resolve("tall.obj"), BOX.formatted("2"));
    Console done =
        Console.run("render ? --views 4 --size 16 --samples 2 --seed 3 --out ?", meshes, folder);
    assertEquals(0, done.status(), done.err());
    return folder;
  }
}
