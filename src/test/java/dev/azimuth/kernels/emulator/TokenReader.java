package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.emulator.PtxLexer.Token;
import java.util.List;

/** Walks through the tokens of PTX. */
final class TokenReader {
  private final List<Token> tokens;
  private int at;

  TokenReader(List<Token> tokens) {
    this.tokens = tokens;
  }

  boolean more() {
    return at < tokens.size();
  }

  Token peek() {
    return peek(0);
  }

  Token peek(int ahead) {
    if (at + ahead >= tokens.size()) {
      throw new PtxException(
          tokens.isEmpty() ? 0 : tokens.getLast().line(), "the text ends too early");
    }
    return tokens.get(at + ahead);
  }

  Token next() {
    Token token = peek();
    at++;
    return token;
  }

  /** Steps over the next token if it is this one. */
  boolean take(String text) {
    if (!peek().is(text)) {
      return false;
    }
    at++;
    return true;
  }

  void expect(String text) {
    Token token = next();
    if (!token.is(text)) {
      throw new PtxException(token.line(), "expected " + text + ", not " + token.text());
    }
  }

  void skipLine() {
    int line = peek().line();
    while (more() && peek().line() == line) {
      at++;
    }
  }

  /** Steps over a balanced pair of braces. */
  void skipBraces() {
    expect("{");
    int depth = 1;
    while (depth > 0) {
      Token token = next();
      depth += token.is("{") ? 1 : token.is("}") ? -1 : 0;
    }
  }

  PtxType type() {
    Token token = next();
    PtxType type = token.text().startsWith(".") ? PtxType.named(token.text().substring(1)) : null;
    if (type == null) {
      throw new PtxException(token.line(), "expected a type, not " + token.text());
    }
    return type;
  }

  int number() {
    return (int) literal();
  }

  /** Whether a literal begins here. */
  boolean atLiteral() {
    return peek().is("-") || Character.isDigit(peek().text().charAt(0));
  }

  /** An integer, or the bits of {@code 0fXXXXXXXX} or {@code 0dXXXXXXXXXXXXXXXX}. */
  long literal() {
    boolean negative = take("-");
    Token token = next();
    String text = token.text();
    try {
      if (text.startsWith("0f") || text.startsWith("0F")) {
        return Integer.parseUnsignedInt(text, 2, 10, 16);
      }
      if (text.startsWith("0d") || text.startsWith("0D")) {
        return Long.parseUnsignedLong(text, 2, 18, 16);
      }
      if (text.endsWith("U")) {
        text = text.substring(0, text.length() - 1);
      }
      long value =
          text.startsWith("0x") || text.startsWith("0X")
              ? Long.parseUnsignedLong(text, 2, text.length(), 16)
              : Long.parseUnsignedLong(text);
      return negative ? -value : value;
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw new PtxException(token.line(), "no number: " + text);
    }
  }
}
