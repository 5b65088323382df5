package dev.azimuth.tensor.file;

import java.nio.file.Path;

/**
 * The memory that opening a file may take: four times the file's size and a megabyte. Whoever
 * builds an object from a file's bytes takes its size from here before, so that no file can make
 * itself larger than that, however it is written.
 *
 * <p>Sizes are those of a JVM with compressed references. Checkpoints stay far below: what they
 * hold is tensors, which take nothing until they are read.
 */
final class MemoryBudget {
  /** An object's own bytes: its header and a few fields. */
  static final int OBJECT = 40;

  /** A reference, and as much again for the smaller array that a growing one leaves behind. */
  static final int SLOT = 8;

  /** A key and its value in a linked hash map, with its share of the table. */
  static final int MAP_ENTRY = 64;

  private static final long TIMES = 4;
  private static final long SPARE = 1 << 20;

  private final Path file;
  private long left;

  MemoryBudget(Path file, long fileBytes) {
    this.file = file;
    this.left = SPARE + TIMES * fileBytes;
  }

  /**
   * Takes as much for one object.
   *
   * @throws FileFormatException if there is not as much left
   */
  void take(long bytes) throws FileFormatException {
    left -= bytes;
    if (left < 0) {
      throw new FileFormatException(
          file,
          "opening it would take more memory than %d times its size, as no checkpoint does"
              .formatted(TIMES));
    }
  }
}
