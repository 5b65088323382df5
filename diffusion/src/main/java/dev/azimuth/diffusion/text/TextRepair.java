package dev.azimuth.diffusion.text;

import java.text.Normalizer;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Repairs of text that went through careless programs, as ftfy 6's {@code fix_text} makes them for
 * the published tokenizer: references of HTML, controls that were meant as Windows-1252, ligatures,
 * full-width and half-width forms, curled quotation marks, escapes of terminals, control
 * characters; in Unicode's composed form (NFC).
 *
 * <p>Not among them is ftfy's guess at text that was decoded with a wrong encoding ({@code Ã©} for
 * é): such text keeps its letters here.
 */
final class TextRepair {
  private static final Pattern ESCAPE = Pattern.compile("\u001b\\[[0-9;]*[a-zA-Z]");

  private static final Map<Character, String> LIGATURES =
      Map.ofEntries(
          Map.entry('Ĳ', "IJ"),
          Map.entry('ĳ', "ij"),
          Map.entry('ŉ', "ʼn"),
          Map.entry('Ǆ', "DŽ"),
          Map.entry('ǅ', "Dž"),
          Map.entry('ǆ', "dž"),
          Map.entry('Ǉ', "LJ"),
          Map.entry('ǈ', "Lj"),
          Map.entry('ǉ', "lj"),
          Map.entry('Ǌ', "NJ"),
          Map.entry('ǋ', "Nj"),
          Map.entry('ǌ', "nj"),
          Map.entry('Ǳ', "DZ"),
          Map.entry('ǲ', "Dz"),
          Map.entry('ǳ', "dz"),
          Map.entry('ﬀ', "ff"),
          Map.entry('ﬁ', "fi"),
          Map.entry('ﬂ', "fl"),
          Map.entry('ﬃ', "ffi"),
          Map.entry('ﬄ', "ffl"),
          Map.entry('ﬅ', "ſt"),
          Map.entry('ﬆ', "st"));

  private TextRepair() {}

  /**
   * A repaired text. Lines are repaired one by one; from the first that has a "&lt;" on, references
   * of HTML are left alone, as it may be HTML.
   */
  static String repaired(String text) {
    StringBuilder all = new StringBuilder();
    boolean isHtml = false;
    int begin = 0;
    while (begin < text.length()) {
      int feed = text.indexOf('\n', begin);
      int end = feed < 0 ? text.length() : feed + 1;
      String line = text.substring(begin, end);
      isHtml |= line.indexOf('<') >= 0;
      all.append(repairedLine(line, isHtml));
      begin = end;
    }
    return all.toString();
  }

  private static String repairedLine(String line, boolean isHtml) {
    String before;
    String after = line;
    do { // one repair may uncover another
      before = after;
      String plain = isHtml ? before : HtmlReferences.closedReplaced(before);
      String letters = paired(ESCAPE.matcher(replaced(plain)).replaceAll(""));
      after = Normalizer.normalize(withoutControls(letters), Normalizer.Form.NFC);
    } while (!after.equals(before));
    return after;
  }

  /** A text whose lone halves of surrogate pairs are replaced, as no encoding has them. */
  static String paired(String text) {
    StringBuilder paired = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xfffd : c)
        .forEach(paired::appendCodePoint);
    return paired.toString();
  }

  /** Character by character, each by what was meant. */
  private static String replaced(String text) {
    StringBuilder replaced = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      String ligature = LIGATURES.get(c);
      if (ligature != null) {
        // an apostrophe may be among its letters
        ligature.chars().forEach(part -> replaced.append(straight((char) part)));
      } else if (c >= 0x80 && c <= 0x9f) {
        replaced.append(straight(HtmlReferences.windows(c)));
      } else if ((c >= '！' && c <= '\uffef') || c == '\u3000') {
        replaced.append(Normalizer.normalize(String.valueOf(c), Normalizer.Form.NFKC));
      } else {
        replaced.append(straight(c));
      }
    }
    return replaced.toString();
  }

  private static char straight(char c) {
    return switch (c) {
      case '‘', '’', '‚', '‛', 'ʼ' -> '\'';
      case '“', '”', '„', '‟' -> '"';
      default -> c;
    };
  }

  private static String withoutControls(String text) {
    StringBuilder kept = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean isControl =
          c <= 0x08
              || c == 0x0b
              || (c >= 0x0e && c <= 0x1f)
              || c == 0x7f
              || (c >= 0x206a && c <= 0x206f)
              || c == 0xfeff
              || (c >= 0xfff9 && c <= 0xfffc);
      if (!isControl) {
        kept.append(c);
      }
    }
    return kept.toString();
  }
}
