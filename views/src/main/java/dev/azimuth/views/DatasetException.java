package dev.azimuth.views;

import java.io.IOException;
import java.io.Serial;

/** A data set, or one of its views, that cannot be used; the message names the file. */
public final class DatasetException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  public DatasetException(String message) {
    super(message);
  }

  public DatasetException(String message, Throwable cause) {
    super(message, cause);
  }
}
