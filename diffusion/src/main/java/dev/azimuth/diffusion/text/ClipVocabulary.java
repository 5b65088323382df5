package dev.azimuth.diffusion.text;

import dev.azimuth.tensor.file.FileFormatException;
import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * CLIP's byte-pair vocabulary (Sennrich et al. 2016 over bytes; OpenAI {@code
 * clip/simple_tokenizer.py}): 512 pieces of one byte, inside and at the end of a word, those that
 * 48,894 merges join, and the two marks around a text.
 */
public final class ClipVocabulary {
  /** The token before a text. */
  public static final int START = 49406;

  /** The token behind a text, the largest of all. */
  public static final int END = 49407;

  private static final int MERGES = 48894;
  private static final int BYTES = 256;
  private static final int GZIP = 0x1f8b;
  private static final String LAST = "</w>";

  /** The pieces of one byte, by the byte. */
  private final int[] pieceOf = new int[BYTES];

  /** What becomes of two neighbours: the smaller the number, the earlier the merge. */
  private final Map<Long, Integer> merged = new HashMap<>();

  private ClipVocabulary(Path file, BufferedReader lines) throws IOException {
    Map<String, Integer> pieces = new HashMap<>();
    List<Character> letters = byteLetters();
    for (int i = 0; i < BYTES; i++) {
      pieces.put(letters.get(i).toString(), i);
      pieces.put(letters.get(i) + LAST, BYTES + i);
    }
    lines.readLine(); // says what the file is
    for (int rank = 0; rank < MERGES; rank++) {
      String line = lines.readLine();
      if (line == null) {
        throw new FileFormatException(
            file, "must have %d merges, CLIP's; it has %d".formatted(MERGES, rank));
      }
      String[] pair = line.split(" ", -1);
      Integer left = pair.length == 2 ? pieces.get(pair[0]) : null;
      Integer right = pair.length == 2 ? pieces.get(pair[1]) : null;
      int joined = 2 * BYTES + rank;
      if (left == null
          || right == null
          || pieces.putIfAbsent(pair[0] + pair[1], joined) != null
          || merged.putIfAbsent(pairOf(left, right), joined) != null) {
        throw new FileFormatException(
            file,
            "line %d is no new merge of two earlier pieces: %s"
                .formatted(rank + 2, line.substring(0, Math.min(40, line.length()))));
      }
    }
  }

  /**
   * Reads the published {@code bpe_simple_vocab_16e6.txt.gz}, packed or not. Lines behind the
   * merges that CLIP uses are not read.
   *
   * @throws FileFormatException naming the line if it is no such file
   */
  public static ClipVocabulary read(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      in.mark(2);
      boolean isPacked = (in.read() << Byte.SIZE | in.read()) == GZIP;
      in.reset();
      InputStreamReader text =
          new InputStreamReader(
              isPacked ? new GZIPInputStream(in) : in, StandardCharsets.UTF_8.newDecoder());
      return new ClipVocabulary(file, new BufferedReader(text));
    } catch (ZipException | CharacterCodingException | EOFException e) {
      throw new FileFormatException(file, "is damaged: " + e.getMessage(), e);
    }
  }

  /** A letter for each byte, in the order of the pieces; {@link #pieceOf} becomes its inverse. */
  private List<Character> byteLetters() {
    List<Character> letters = new ArrayList<>();
    List<Integer> unprintable = new ArrayList<>();
    for (int b = 0; b < BYTES; b++) {
      if ((b >= '!' && b <= '~') || (b >= 161 && b <= 172) || b >= 174) {
        pieceOf[b] = letters.size();
        letters.add((char) b);
      } else {
        unprintable.add(b);
      }
    }
    for (int i = 0; i < unprintable.size(); i++) {
      pieceOf[unprintable.get(i)] = letters.size();
      letters.add((char) (BYTES + i));
    }
    return letters;
  }

  private static long pairOf(int left, int right) {
    return (long) left << Integer.SIZE | right;
  }

  /** The tokens of one word, which isn't empty: neighbours are joined in the order of merges. */
  List<Integer> tokens(String word) {
    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
    List<Integer> tokens = new ArrayList<>();
    for (int i = 0; i < bytes.length; i++) {
      tokens.add(pieceOf[bytes[i] & 0xff] + (i == bytes.length - 1 ? BYTES : 0));
    }
    for (Long pair = firstMerge(tokens); pair != null; pair = firstMerge(tokens)) {
      tokens = joined(tokens, pair);
    }
    return tokens;
  }

  /** The pair of neighbours whose merge comes first, or null if none is left. */
  private @Nullable Long firstMerge(List<Integer> tokens) {
    Long first = null;
    int lowest = Integer.MAX_VALUE;
    for (int i = 0; i + 1 < tokens.size(); i++) {
      long pair = pairOf(tokens.get(i), tokens.get(i + 1));
      int joined = merged.getOrDefault(pair, Integer.MAX_VALUE);
      if (joined < lowest) {
        lowest = joined;
        first = pair;
      }
    }
    return first;
  }

  private List<Integer> joined(List<Integer> tokens, long pair) {
    List<Integer> fewer = new ArrayList<>(tokens.size());
    for (int i = 0; i < tokens.size(); i++) {
      boolean isPair = i + 1 < tokens.size() && pairOf(tokens.get(i), tokens.get(i + 1)) == pair;
      fewer.add(isPair ? merged.getOrDefault(pair, 0) : tokens.get(i));
      i += isPair ? 1 : 0;
    }
    return fewer;
  }
}
