package dev.azimuth.views;

import java.nio.charset.StandardCharsets;

/**
 * Walks a text file of lines and words, as OBJ and MTL are, without making a string of each. A back
 * slash at a line's end joins it with the next.
 */
final class TextScanner {
  private static final double[] POWERS = new double[23];

  static {
    POWERS[0] = 1;
    for (int i = 1; i < POWERS.length; i++) {
      POWERS[i] = POWERS[i - 1] * 10;
    }
  }

  private final byte[] text;
  private int at;
  private int line = 1;

  TextScanner(byte[] text) {
    this.text = text;
  }

  boolean atEnd() {
    return at >= text.length;
  }

  int line() {
    return line;
  }

  /** Moves to the start of the next line. */
  void nextLine() {
    while (at < text.length && !isLineEnd()) {
      at++;
    }
    if (at < text.length) {
      endLine();
    }
  }

  private void endLine() {
    if (text[at] == '\r' && at + 1 < text.length && text[at + 1] == '\n') {
      at++;
    }
    at++;
    line++;
  }

  private boolean isLineEnd() {
    return text[at] == '\n' || text[at] == '\r';
  }

  /** Skips blanks; returns whether a word follows on this line. */
  boolean hasWord() {
    while (at < text.length) {
      byte c = text[at];
      if (c == '\\' && at + 1 < text.length && (text[at + 1] == '\n' || text[at + 1] == '\r')) {
        at++;
        endLine();
      } else if (c == '\n' || c == '\r') {
        return false;
      } else if ((c & 255) <= ' ') {
        at++; // blanks, and control characters that no word holds
      } else {
        return true;
      }
    }
    return false;
  }

  /** The next word on this line, or an empty one. */
  String word() {
    if (!hasWord()) {
      return "";
    }
    int start = at;
    skipWord();
    return new String(text, start, at - start, StandardCharsets.UTF_8);
  }

  private void skipWord() {
    while (at < text.length && (text[at] & 255) > ' ') {
      at++;
    }
  }

  /** The rest of this line without blanks around it. */
  String rest() {
    int start = at;
    while (at < text.length && !isLineEnd()) {
      at++;
    }
    return new String(text, start, at - start, StandardCharsets.UTF_8).strip();
  }

  /** The next word as a number; NaN if there is none or it is none. */
  double number() {
    if (!hasWord()) {
      return Double.NaN;
    }
    int start = at;
    boolean negative = text[at] == '-';
    if (negative || text[at] == '+') {
      at++;
    }
    long digits = 0;
    int count = 0;
    int scale = 0;
    boolean fraction = false;
    while (at < text.length && count < 18) {
      byte c = text[at];
      if (c >= '0' && c <= '9') {
        digits = digits * 10 + (c - '0');
        count++;
        scale += fraction ? 1 : 0;
      } else if (c == '.' && !fraction) {
        fraction = true;
      } else {
        break;
      }
      at++;
    }
    boolean ended = at >= text.length || (text[at] & 255) <= ' ';
    // exact: both fit a double's 53 bits, and one division rounds once
    if (ended && count > 0 && digits < 1L << 53 && scale < POWERS.length) {
      double value = digits / POWERS[scale];
      return negative ? -value : value;
    }
    at = start;
    try {
      return Double.parseDouble(word());
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  /**
   * Reads one corner of a face, {@code v}, {@code v/t}, {@code v//n} or {@code v/t/n}, into three
   * slots; what is left out is 0, what is no number is {@link Integer#MIN_VALUE}.
   */
  void corner(int[] out) {
    out[0] = 0;
    out[1] = 0;
    out[2] = 0;
    for (int slot = 0; slot < 3; slot++) {
      boolean negative = at < text.length && text[at] == '-';
      if (negative) {
        at++;
      }
      long value = 0;
      while (at < text.length && text[at] >= '0' && text[at] <= '9') {
        value = Math.min(value * 10 + (text[at] - '0'), Integer.MAX_VALUE);
        at++;
      }
      out[slot] = (int) (negative ? -value : value);
      if (at < text.length && text[at] == '/') {
        at++;
      } else {
        break;
      }
    }
    if (at < text.length && (text[at] & 255) > ' ') {
      out[0] = Integer.MIN_VALUE;
      skipWord();
    }
  }
}
