package dev.azimuth.tensor.file;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Folders that appear whole or not at all.
 *
 * <p>The content goes into a folder {@code NAME.tmp-XXXXXXXX} beside the target, which is then
 * renamed. An older target is moved aside before and deleted after. On any failure the new folder
 * is deleted and the older one is where it was.
 */
public final class AtomicFolder {
  private AtomicFolder() {}

  /** Fills a new, empty folder. */
  @FunctionalInterface
  public interface Body {
    void writeTo(Path folder) throws IOException;
  }

  /**
   * Replaces or creates {@code target}, a folder, with one that {@code body} fills.
   *
   * @throws IOException naming the target and the reason if it can't be written; what {@code body}
   *     throws for reasons of its own passes through unchanged
   */
  public static void write(Path target, Body body) throws IOException {
    Path real = target.toAbsolutePath().normalize();
    Path parent = real.getParent();
    if (parent == null || !Files.isDirectory(parent)) {
      throw new IOException("cannot write " + target + ": there is no folder " + parent);
    }
    if (Files.exists(real) && !Files.isDirectory(real)) {
      throw new IOException("cannot write " + target + ": it is a file");
    }
    String mark = "-%08x".formatted(ThreadLocalRandom.current().nextInt());
    Path made = parent.resolve(real.getFileName() + ".tmp" + mark);
    Path old = parent.resolve(real.getFileName() + ".old" + mark);
    try {
      create(target, made);
      body.writeTo(made);
      put(target, real, made, old);
    } finally {
      delete(made);
    }
    delete(old);
  }

  private static void create(Path target, Path made) throws IOException {
    try {
      Files.createDirectory(made);
    } catch (IOException e) {
      throw IoReason.cannotWrite(target, e);
    }
  }

  private static void put(Path target, Path real, Path made, Path old) throws IOException {
    boolean isMoved = false;
    try {
      if (Files.exists(real)) {
        Files.move(real, old, StandardCopyOption.ATOMIC_MOVE);
        isMoved = true;
      }
      Files.move(made, real, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (isMoved) {
        Files.move(old, real, StandardCopyOption.ATOMIC_MOVE);
      }
      throw IoReason.cannotWrite(target, e);
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
