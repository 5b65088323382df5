package dev.azimuth.tensor.file;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that is not what its name says: truncated, malformed or hostile.
 *
 * <p>The message is one line, {@code FILE: reason}.
 */
public final class FileFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient Path file;
  private final String reason;

  public FileFormatException(Path file, String reason) {
    super(file + ": " + reason);
    this.file = file;
    this.reason = reason;
  }

  public FileFormatException(Path file, String reason, Throwable cause) {
    super(file + ": " + reason, cause);
    this.file = file;
    this.reason = reason;
  }

  /** The file that was refused. */
  public Path file() {
    return file;
  }

  /** What is wrong with it, without the file's name. */
  public String reason() {
    return reason;
  }
}
