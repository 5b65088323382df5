package dev.azimuth.diffusion.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * HTML's character references, {@code &eacute;} and {@code &#233;}, as Python's {@code
 * html.unescape} replaces them: by the names and numbers of the HTML standard (WHATWG, sections
 * 13.2.5 and 13.5).
 */
final class HtmlReferences {
  private static final Pattern REFERENCE =
      Pattern.compile("&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\\t\\n\\f <&#;]{1,32};?)");
  private static final Pattern CLOSED = Pattern.compile("&#?[0-9A-Za-z]{1,24};");

  /** What Windows-1252 has at 128 to 159; where it has nothing, the number stands for itself. */
  private static final String WINDOWS = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";

  private static final int REPLACEMENT = 0xfffd;

  private HtmlReferences() {}

  /** The standard's table, read when the first name is met. */
  private static final class Names {
    /** By the name, with its semicolon where it must have one. */
    static final Map<String, String> ALL = read();

    private static Map<String, String> read() {
      Map<String, String> names = new HashMap<>();
      try (InputStream in =
              Objects.requireNonNull(
                  HtmlReferences.class.getResourceAsStream("html-references.txt"));
          BufferedReader lines =
              new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (line.startsWith("#")) {
            continue;
          }
          String[] words = line.split(" ");
          StringBuilder characters = new StringBuilder();
          for (int i = 1; i < words.length; i++) {
            characters.appendCodePoint(Integer.parseInt(words[i], 16));
          }
          names.put(words[0], characters.toString());
          if (!words[0].endsWith(";")) {
            names.put(words[0] + ";", characters.toString());
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return names;
    }
  }

  /**
   * A text with all references replaced, once. A number needs no semicolon; a name without one is
   * taken as far as the standard lists it without one: {@code &copy=2} is ©=2.
   */
  static String replaced(String text) {
    return text.indexOf('&') < 0
        ? text
        : REFERENCE
            .matcher(text)
            .replaceAll(match -> Matcher.quoteReplacement(meaning(match.group(1))));
  }

  /**
   * A text with those references replaced that end in a semicolon, as ftfy does it: a name in
   * capitals that the standard lacks means the capital of what it means in small letters.
   */
  static String closedReplaced(String text) {
    return CLOSED
        .matcher(text)
        .replaceAll(match -> Matcher.quoteReplacement(closedMeaning(match.group())));
  }

  private static String closedMeaning(String reference) {
    String body = reference.substring(1);
    if (body.startsWith("#")) {
      String meaning = replaced(reference);
      return meaning.indexOf(';') >= 0 ? reference : meaning; // only a part of it was a number
    }
    String meaning = Names.ALL.get(body);
    if (meaning == null) {
      String small = body.toLowerCase(Locale.ROOT);
      boolean isCapitals = body.equals(small.toUpperCase(Locale.ROOT));
      // what the standard reads at the start of the name comes first
      boolean isFree = replaced(reference).equals(reference);
      meaning = isCapitals && isFree ? upper(Names.ALL.get(small)) : null;
    }
    return meaning == null ? reference : meaning;
  }

  private static @Nullable String upper(@Nullable String text) {
    return text == null ? null : text.toUpperCase(Locale.ROOT);
  }

  private static String meaning(String body) {
    if (body.charAt(0) == '#') {
      return numbered(body);
    }
    String whole = Names.ALL.get(body);
    if (whole != null) {
      return whole;
    }
    for (int end = body.length() - 1; end > 1; end--) {
      String start = Names.ALL.get(body.substring(0, end));
      if (start != null) {
        return start + body.substring(end);
      }
    }
    return "&" + body;
  }

  private static String numbered(String body) {
    boolean isHex = body.charAt(1) == 'x' || body.charAt(1) == 'X';
    String digits = body.substring(isHex ? 2 : 1).replace(";", "").replaceFirst("^0+(?=.)", "");
    // so many digits are beyond Unicode in either base
    int number = digits.length() > 8 ? -1 : (int) Long.parseLong(digits, isHex ? 16 : 10);
    if (number == 0 || !Character.isValidCodePoint(number) || isSurrogate(number)) {
      return Character.toString(REPLACEMENT);
    }
    if (number >= 0x80 && number <= 0x9f) {
      return WINDOWS.substring(number - 0x80, number - 0x7f);
    }
    return isNothing(number) ? "" : Character.toString(number);
  }

  private static boolean isSurrogate(int number) {
    return number >= Character.MIN_SURROGATE && number <= Character.MAX_SURROGATE;
  }

  /** Control characters but for tabulator, line feed, form feed, return; and no characters. */
  private static boolean isNothing(int number) {
    boolean isControl =
        number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r';
    boolean isNone = (number >= 0xfdd0 && number <= 0xfdef) || (number & 0xfffe) == 0xfffe;
    return isControl || number == 0x7f || isNone;
  }

  /** What Windows-1252 has where Latin-1 has a control character. */
  static char windows(char control) {
    return WINDOWS.charAt(control - 0x80);
  }
}
