package dev.azimuth.views;

import java.io.IOException;
import java.io.Serial;

/** A mesh that cannot be used: damaged, too large or empty; the message names file and reason. */
public final class MeshException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  public MeshException(String message) {
    super(message);
  }

  public MeshException(String message, Throwable cause) {
    super(message, cause);
  }
}
