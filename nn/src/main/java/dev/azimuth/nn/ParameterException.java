package dev.azimuth.nn;

import java.util.List;

/** Stored parameters that aren't exactly those a network has: all the differences at once. */
public final class ParameterException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 8;

  /** The names missing from the source, unexpected in it, and of another shape, with both. */
  public ParameterException(List<String> missing, List<String> unexpected, List<String> misshapen) {
    super(
        "parameters don't fit the network"
            + listed("missing", missing)
            + listed("unexpected", unexpected)
            + listed("misshapen", misshapen));
  }

  private static String listed(String title, List<String> names) {
    if (names.isEmpty()) {
      return "";
    }
    String shown = String.join(", ", names.subList(0, Math.min(SHOWN, names.size())));
    return "; " + names.size() + " " + title + ": " + shown + (names.size() > SHOWN ? ", ..." : "");
  }
}
