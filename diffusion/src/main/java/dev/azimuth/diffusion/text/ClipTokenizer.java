package dev.azimuth.diffusion.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Text to the tokens of CLIP's text tower (OpenAI {@code clip/simple_tokenizer.py}, {@code
 * clip/clip.py}, {@code tokenize}): repaired, HTML's references replaced twice, white space made
 * single, lower case, cut into words, and these into pieces of a {@link ClipVocabulary}.
 *
 * <p>Classes and cases of characters are those of the JDK's Unicode, which is newer than that of
 * the published tokens: characters that were added since may be cut elsewhere.
 */
public final class ClipTokenizer {
  /** The published models' number of tokens. */
  public static final int CONTEXT_LENGTH = 77;

  private static final String START = "<|startoftext|>";
  private static final String END = "<|endoftext|>";

  /** Unicode's white space and the four separators that Python counts as such. */
  private static final String SPACE = "\\p{IsWhite_Space}\\x1C-\\x1F";

  private static final Pattern SPACES = Pattern.compile("[" + SPACE + "]+");
  private static final Pattern WORD =
      Pattern.compile(
          "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^"
              + SPACE
              + "\\p{L}\\p{N}]+",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);

  private final ClipVocabulary vocabulary;
  private final boolean isRepairing;

  /** A tokenizer that repairs texts as the published one does ({@link TextRepair}). */
  public ClipTokenizer(ClipVocabulary vocabulary) {
    this(vocabulary, true);
  }

  /** A tokenizer that repairs texts, or takes them as they are. */
  public ClipTokenizer(ClipVocabulary vocabulary, boolean isRepairing) {
    this.vocabulary = vocabulary;
    this.isRepairing = isRepairing;
  }

  /**
   * A text's tokens: start, words, end, then zeros.
   *
   * @param isCut whether a text that is too long is cut, its last token the end all the same
   * @return {@code contextLength} tokens
   * @throws IllegalArgumentException if the text is too long and isn't to be cut, or there is no
   *     room for start and end
   */
  public int[] tokens(String text, int contextLength, boolean isCut) {
    if (contextLength < 2) {
      throw new IllegalArgumentException(
          "tokens: start and end need a context of 2 or more, not " + contextLength);
    }
    List<Integer> all = new ArrayList<>();
    all.add(ClipVocabulary.START);
    all.addAll(words(text));
    all.add(ClipVocabulary.END);
    if (all.size() > contextLength && !isCut) {
      throw new IllegalArgumentException(
          "tokens: a text of %d tokens, start and end included, doesn't fit into %d: %s"
              .formatted(all.size(), contextLength, shortened(text)));
    }
    int[] tokens = new int[contextLength];
    for (int i = 0; i < Math.min(contextLength, all.size()); i++) {
      tokens[i] = all.get(i);
    }
    if (all.size() > contextLength) {
      tokens[contextLength - 1] = ClipVocabulary.END;
    }
    return tokens;
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "…";
  }

  private List<Integer> words(String text) {
    String repaired = isRepairing ? TextRepair.repaired(text) : TextRepair.paired(text);
    String plain = HtmlReferences.replaced(HtmlReferences.replaced(repaired));
    String lower = lowerCase(SPACES.matcher(plain).replaceAll(" "));
    Map<String, List<Integer>> known = new HashMap<>();
    known.put(START, List.of(ClipVocabulary.START));
    known.put(END, List.of(ClipVocabulary.END));
    List<Integer> tokens = new ArrayList<>();
    Matcher word = WORD.matcher(lower);
    while (word.find()) {
      tokens.addAll(known.computeIfAbsent(word.group(), vocabulary::tokens));
    }
    return tokens;
  }

  /**
   * Unicode's full lower case (section 3.13): one letter may become two. The JDK asks where words
   * end before it makes a sigma final, which Unicode and Python don't, so that letter is done here.
   */
  static String lowerCase(String text) {
    StringBuilder lower = new StringBuilder(text);
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == 'Σ') {
        boolean isFinal = hasCasedBefore(text, i) && !hasCasedAfter(text, i + 1);
        lower.setCharAt(i, isFinal ? 'ς' : 'σ');
      }
    }
    return lower.toString().toLowerCase(Locale.ROOT);
  }

  private static boolean hasCasedBefore(String text, int end) {
    int i = end;
    while (i > 0) {
      int letter = text.codePointBefore(i);
      if (!isCaseIgnorable(letter)) {
        return isCased(letter);
      }
      i -= Character.charCount(letter);
    }
    return false;
  }

  private static boolean hasCasedAfter(String text, int begin) {
    int i = begin;
    while (i < text.length()) {
      int letter = text.codePointAt(i);
      if (!isCaseIgnorable(letter)) {
        return isCased(letter);
      }
      i += Character.charCount(letter);
    }
    return false;
  }

  private static boolean isCased(int letter) {
    return Character.isLowerCase(letter)
        || Character.isUpperCase(letter)
        || Character.isTitleCase(letter);
  }

  private static boolean isCaseIgnorable(int letter) {
    return switch (Character.getType(letter)) {
      case Character.NON_SPACING_MARK,
          Character.ENCLOSING_MARK,
          Character.FORMAT,
          Character.MODIFIER_LETTER,
          Character.MODIFIER_SYMBOL ->
          true;
      // what joins the halves of a word
      default -> "'.:·\u0387\u055f\u05f4․‘’‧︓﹒﹕＇．：".indexOf(letter) >= 0;
    };
  }
}
