package dev.azimuth.app;

import dev.azimuth.tensor.file.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;

/** What a command checks of its arguments before it begins to compute; errors name the option. */
final class Arguments {
  /** More threads than any machine has, fewer than would bring it down. */
  static final int MOST_THREADS = 4096;

  private Arguments() {}

  /** The value itself if it is finite. */
  static double finite(String option, double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(option + ": must be a finite number, not " + value);
    }
    return value;
  }

  /** The value itself if it lies in a range, its ends included. */
  static int within(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s: must be from %d to %d, not %d".formatted(option, least, most, value));
    }
    return value;
  }

  /** The value itself if it is 1 or more. */
  static int positive(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(option + ": must be 1 or more, not " + value);
    }
    return value;
  }

  /**
   * Checks that a file can be written before minutes are spent on what goes into it.
   *
   * @throws IOException naming the file and the reason
   */
  static void requireWritable(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException("cannot write " + file + ": it is a folder");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      return; // a device or pipe is written directly
    }
    Path real = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    Path folder = real.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IOException("cannot write " + file + ": there is no folder " + folder);
    }
    requireRoom(file, folder);
  }

  /**
   * Checks that a folder is there, or can be made, and can be written to.
   *
   * @throws IOException naming the folder and the reason
   */
  static void requireWritableFolder(Path folder) throws IOException {
    Path there = folder.toAbsolutePath().normalize();
    while (there.getParent() != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there)) {
      throw new IOException("cannot write to " + folder + ": " + there + " is a file");
    }
    requireRoom(folder, there);
  }

  // permissions, read-only media and full disks alike show when a file is made, and only then
  private static void requireRoom(Path target, Path folder) throws IOException {
    Path probe =
        folder.resolve(".azimuth.tmp-%08x".formatted(ThreadLocalRandom.current().nextInt()));
    try {
      AtomicFile.write(probe, new byte[1]);
    } catch (IOException e) {
      String reason = String.valueOf(e.getMessage()).replace("cannot write " + probe + ": ", "");
      throw new IOException("cannot write " + target + ": " + reason, e);
    } finally {
      Files.deleteIfExists(probe);
    }
  }
}
