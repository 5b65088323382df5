package dev.azimuth.kernels.emulator;

import java.util.ArrayList;
import java.util.List;

/** Cuts PTX into words and punctuation marks, each with its line. */
final class PtxLexer {
  private final String text;
  private int at;
  private int line = 1;
  private final List<Token> tokens = new ArrayList<>();

  /** A word (name, opcode with its modifiers, number, quoted string) or one punctuation mark. */
  record Token(String text, int line) {
    boolean is(String other) {
      return text.equals(other);
    }
  }

  private PtxLexer(String text) {
    this.text = text;
  }

  static List<Token> tokens(String text) {
    PtxLexer lexer = new PtxLexer(text);
    lexer.run();
    return lexer.tokens;
  }

  private void run() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\n') {
        line++;
        at++;
      } else if (Character.isWhitespace(c)) {
        at++;
      } else if (text.startsWith("//", at)) {
        at = endOr(text.indexOf('\n', at));
      } else if (text.startsWith("/*", at)) {
        int end = text.indexOf("*/", at);
        if (end < 0) {
          throw new PtxException(line, "a comment has no end");
        }
        line += (int) text.substring(at, end).chars().filter(x -> x == '\n').count();
        at = end + 2;
      } else if (c == '"') {
        int end = text.indexOf('"', at + 1);
        if (end < 0) {
          throw new PtxException(line, "a string has no end");
        }
        add(end + 1);
      } else if (inWord(c)) {
        int end = at + 1;
        while (end < text.length() && inWordAt(end)) {
          end++;
        }
        add(end);
      } else {
        add(at + 1);
      }
    }
  }

  private int endOr(int index) {
    return index < 0 ? text.length() : index;
  }

  private void add(int end) {
    tokens.add(new Token(text.substring(at, end), line));
    at = end;
  }

  /** {@code ::} joins the parts of a modifier such as {@code .L2::128B}. */
  private boolean inWordAt(int index) {
    char c = text.charAt(index);
    return inWord(c)
        || (c == ':' && (text.startsWith("::", index) || text.startsWith("::", index - 1)));
  }

  private static boolean inWord(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '$' || c == '%' || c == '.';
  }
}
