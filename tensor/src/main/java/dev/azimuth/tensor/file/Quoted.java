package dev.azimuth.tensor.file;

/** Text from a file inside an error message: one short line, no control sequences. */
final class Quoted {
  private static final int MAX_LETTERS = 80;

  private Quoted() {}

  /** {@code 'text'}, shortened, with everything that does not print replaced. */
  static String of(String text) {
    StringBuilder shown = new StringBuilder("'");
    text.codePoints()
        .limit(MAX_LETTERS)
        .map(c -> Character.isISOControl(c) || !Character.isDefined(c) ? '?' : c)
        .forEach(shown::appendCodePoint);
    boolean cut = text.codePointCount(0, text.length()) > MAX_LETTERS;
    return shown.append(cut ? "...'" : "'").toString();
  }
}
