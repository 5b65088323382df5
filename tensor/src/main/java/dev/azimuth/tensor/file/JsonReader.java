package dev.azimuth.tensor.file;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads JSON (RFC 8259) front to back, one token on request, and refuses everything else. It builds
 * nothing but the strings it is asked for, so that a hostile text cannot make it take more memory
 * than the text has bytes.
 */
final class JsonReader {
  private final Path file;
  private final String what;
  private final ByteBuffer text;
  private int at;

  /**
   * @param file for messages
   * @param what the part of the file that is read, for messages
   * @param text UTF-8 from index 0 to the limit
   */
  JsonReader(Path file, String what, ByteBuffer text) {
    this.file = file;
    this.what = what;
    this.text = text;
  }

  /** The next byte that is not white space, or -1 at the end; nothing is consumed. */
  int peek() {
    while (at < text.limit() && isSpace(text.get(at))) {
      at++;
    }
    return at < text.limit() ? text.get(at) : -1;
  }

  /** Consumes {@code c} if it comes next. */
  boolean accept(char c) {
    boolean there = peek() == c;
    at += there ? 1 : 0;
    return there;
  }

  /** Consumes {@code c}, which must come next. */
  void expect(char c) throws FileFormatException {
    if (!accept(c)) {
      throw refuse("'" + c + "' expected");
    }
  }

  /** Consumes {@code true}, {@code false} or {@code null} if it comes next. */
  boolean acceptWord(String word) {
    peek();
    for (int i = 0; i < word.length(); i++) {
      if (at + i >= text.limit() || text.get(at + i) != word.charAt(i)) {
        return false;
      }
    }
    at += word.length();
    return true;
  }

  /** Nothing but white space may follow. */
  void end() throws FileFormatException {
    if (peek() >= 0) {
      throw refuse("nothing more expected");
    }
  }

  /** A string, unescaped. */
  String string() throws FileFormatException {
    expect('"');
    int start = at;
    boolean escaped = false;
    while (at < text.limit() && text.get(at) != '"') {
      byte b = text.get(at);
      if (b >= 0 && b < ' ') {
        throw refuse("control character in a string");
      }
      if (b == '\\') {
        escaped = true;
        at++;
      }
      at++;
    }
    if (at >= text.limit()) {
      at = text.limit();
      throw refuse("the string that starts at byte " + (start - 1) + " has no end");
    }
    String raw = decode(start, at);
    at++;
    return escaped ? unescape(raw) : raw;
  }

  /** An integer from 0 to 2^63 - 1, written without sign, fraction and exponent. */
  long integer() throws FileFormatException {
    peek();
    int start = at;
    long value = 0;
    while (at < text.limit() && isDigit(text.get(at))) {
      int digit = text.get(at++) - '0';
      if (value > (Long.MAX_VALUE - digit) / 10) {
        throw refuse("integer beyond 2^63 - 1");
      }
      value = value * 10 + digit;
    }
    if (at == start) {
      throw refuse("integer expected");
    }
    if (at - start > 1 && text.get(start) == '0') {
      throw refuse("integer with a leading zero");
    }
    return value;
  }

  /** Any number, as it is written. */
  String number() throws FileFormatException {
    peek();
    int start = at;
    skip('-');
    int whole = at;
    digits();
    if (at - whole > 1 && text.get(whole) == '0') {
      throw refuse("number with a leading zero");
    }
    if (skip('.')) {
      digits();
    }
    if (skip('e') || skip('E')) {
      if (!skip('-')) {
        skip('+');
      }
      digits();
    }
    return decode(start, at);
  }

  private void digits() throws FileFormatException {
    int start = at;
    while (at < text.limit() && isDigit(text.get(at))) {
      at++;
    }
    if (at == start) {
      throw refuse("digit expected");
    }
  }

  /** Like {@link #accept}, but white space does not go before it. */
  private boolean skip(char c) {
    boolean there = at < text.limit() && text.get(at) == c;
    at += there ? 1 : 0;
    return there;
  }

  private String decode(int from, int to) throws FileFormatException {
    byte[] bytes = new byte[to - from];
    text.get(from, bytes);
    boolean ascii = true;
    for (byte b : bytes) {
      ascii &= b >= 0;
    }
    if (ascii) {
      // the strict decoder below takes three times the memory
      return new String(bytes, StandardCharsets.US_ASCII);
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw refuse("a string is not UTF-8");
    }
  }

  private String unescape(String raw) throws FileFormatException {
    StringBuilder plain = new StringBuilder(raw.length());
    for (int i = 0; i < raw.length(); i++) {
      char c = raw.charAt(i);
      if (c != '\\') {
        plain.append(c);
        continue;
      }
      char kind = raw.charAt(++i);
      int simple = "\"\\/bfnrt".indexOf(kind);
      if (simple >= 0) {
        plain.append("\"\\/\b\f\n\r\t".charAt(simple));
      } else if (kind == 'u') {
        plain.append(unit(raw, i + 1));
        i += 4;
      } else {
        throw refuse("unknown escape in a string");
      }
    }
    String unescaped = plain.toString();
    if (hasLoneSurrogate(unescaped)) {
      throw refuse("half a surrogate pair in a string");
    }
    return unescaped;
  }

  /** Whether the text cannot be written as UTF-8. */
  static boolean hasLoneSurrogate(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isHighSurrogate(text.charAt(i))
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }

  private char unit(String raw, int from) throws FileFormatException {
    int value = 0;
    for (int i = from; i < from + 4; i++) {
      char c = i < raw.length() ? raw.charAt(i) : ' ';
      // Character.digit would also take digits of other scripts
      int digit = c < 128 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        throw refuse("\\u without four hexadecimal digits in a string");
      }
      value = value << 4 | digit;
    }
    return (char) value;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\n' || b == '\r' || b == '\t';
  }

  private static boolean isDigit(byte b) {
    return b >= '0' && b <= '9';
  }

  /** What stands at the current place is not what it should be. */
  FileFormatException refuse(String reason) {
    return new FileFormatException(file, "%s: %s at byte %d".formatted(what, reason, at));
  }
}
