package dev.azimuth.views;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Folders that appear whole or not at all. */
final class AtomicFiles {
  private static final String MARK = ".tmp-";

  private AtomicFiles() {}

  /** An unused name beside {@code target} that marks unfinished work. */
  static Path beside(Path target) {
    return target.resolveSibling(
        target.getFileName() + MARK + UUID.randomUUID().toString().substring(0, 8));
  }

  /** Renames atomically, replacing a file at {@code target}. */
  static void move(Path from, Path target) throws IOException {
    Files.move(from, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Deletes what an interrupted run left of {@code target}: names made by {@link #beside}. */
  static void deleteLeftovers(Path target) throws IOException {
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      return;
    }
    String prefix = target.getFileName() + MARK;
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(folder, e -> e.getFileName().toString().startsWith(prefix))) {
      for (Path entry : entries) {
        deleteTree(entry);
      }
    }
  }

  /** Whether the name was made by {@link #beside}. */
  static boolean isUnfinished(Path path) {
    return path.getFileName().toString().contains(MARK);
  }

  static void deleteTree(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
