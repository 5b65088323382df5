package dev.azimuth.tensor.file;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/**
 * Puts the operating system's refusals into words. The JDK's own messages are often the bare path.
 */
final class IoReason {
  private IoReason() {}

  /**
   * The same failure with a message that names the file: {@code cannot read FILE: no such file}.
   */
  static IOException cannotRead(Path file, IOException e) {
    return e instanceof FileFormatException ? e : named("cannot read ", file, e);
  }

  /** The same failure with a message that names the file: {@code cannot write FILE: ...}. */
  static IOException cannotWrite(Path file, IOException e) {
    return named("cannot write ", file, e);
  }

  private static IOException named(String what, Path file, IOException e) {
    return new IOException(what + file + ": " + of(e), e);
  }

  private static String of(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file or folder";
      case AccessDeniedException _ -> "permission denied";
      case NotDirectoryException _ -> "not a folder";
      case FileSystemException f when f.getReason() != null -> lowerCase(f.getReason());
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : lowerCase(e.getMessage());
    };
  }

  /** "No space left on device" in the middle of a line; an abbreviation stays as it is. */
  private static String lowerCase(String reason) {
    boolean word =
        reason.length() > 1
            && Character.isUpperCase(reason.charAt(0))
            && Character.isLowerCase(reason.charAt(1));
    return word ? Character.toLowerCase(reason.charAt(0)) + reason.substring(1) : reason;
  }
}
