package dev.azimuth.app.replay;

import dev.azimuth.tensor.file.TestFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The records among the tests' files. */
final class ReplayRecords {
  private ReplayRecords() {}

  static List<ReplayRecord> all() throws IOException {
    try (Stream<Path> files = Files.walk(TestFiles.reference(""))) {
      return files
          .filter(file -> file.getFileName().toString().contains("--"))
          .sorted()
          .map(ReplayRecords::read)
          .toList();
    }
  }

  private static ReplayRecord read(Path file) {
    try {
      return ReplayRecord.read(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
