package dev.azimuth.views;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Whole files with a bound, so that a hostile one ends in an error and not in a full memory. */
final class FileBytes {
  private FileBytes() {}

  static byte[] read(Path file, long limit) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException(file + ": is a folder, not a file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, limit, file.toString());
    } catch (NoSuchFileException e) {
      throw new IOException(file + ": no such file", e);
    }
  }

  static byte[] read(InputStream in, long limit, String name) throws IOException {
    int most = (int) Math.min(limit, Integer.MAX_VALUE - 16);
    byte[] bytes = in.readNBytes(most);
    if (bytes.length == most && in.read() >= 0) {
      throw new IOException(name + ": larger than the " + limit + " bytes that are read");
    }
    return bytes;
  }
}
