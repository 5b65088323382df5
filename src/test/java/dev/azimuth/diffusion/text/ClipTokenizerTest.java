package dev.azimuth.diffusion.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.TestFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Beside the published tokens, which are replayed: edges, errors, damaged files. */
class ClipTokenizerTest {
  private static final Path FILE = TestFiles.reference("clip/bpe_simple_vocab_16e6.txt.gz");
  private static ClipVocabulary vocabulary;

  @TempDir Path folder;

  @BeforeAll
  static void read() throws IOException {
    vocabulary = ClipVocabulary.read(FILE);
  }

  private static int[] tokens(String text) {
    int[] all = new ClipTokenizer(vocabulary).tokens(text, 40, false);
    return Arrays.copyOf(all, (int) Arrays.stream(all).filter(t -> t != 0).count());
  }

  /** The numbers that OpenAI's notebook of examples shows for a well-known text. */
  @Test
  void publishedExample() {
    assertArrayEquals(
        new int[] {49406, 3306, 1002, 256, 49407}, tokens("hello world!"), "256 is ! at the end");
  }

  @ParameterizedTest
  @CsvSource({
    "it’s,it's",
    "ｗｉｄｅ,wide",
    "&EACUTE; &eacute;,É é",
    "&#233;&#xE9;,éé",
    "&amp;lt;b&amp;gt;,<b>",
    "&#128; &#x99;,€ ™",
    "&copy=2,©=2",
    "x&notit; y,x¬it; y",
    "a\u0007b\u200bc,ab\u200bc",
    "a \u001b[31mred\u001b[0m,a red",
    "e\u0301,é",
    "xŉ,x'n",
    "\u0093quoted\u0094,\"quoted\"",
    "\ud83d lone,\ufffd lone",
    "a\u00a0\u2003\u3000b,a b",
    "&#55357;,\ufffd",
    "&#99999999999;,\ufffd",
    "İSTANBUL,i\u0307stanbul"
  })
  void repairs(String given, String meant) {
    assertArrayEquals(tokens(meant), tokens(given), given);
  }

  @Test
  void referencesStayInWhatMayBeHtml() {
    assertEquals("<b>&amp;</b>\n&amp;", TextRepair.repaired("<b>&amp;</b>\n&amp;"));
    assertEquals("&\n<b>", TextRepair.repaired("&amp;\n<b>"));
  }

  /** Unicode 3.13's Final_Sigma: before it a letter with case, behind it none; marks between. */
  @ParameterizedTest
  @CsvSource({
    "ΣΟΦΟΣ,σοφος",
    "Σ,σ",
    "ΟΣ'Α,οσ'α",
    "ΟΣ',ος'",
    "Α.Σ,α.ς",
    "Α Σ,α σ",
    "ΟΣ̈,ος̈",
    "1Σ,1σ"
  })
  void finalSigma(String capitals, String small) {
    assertEquals(small, ClipTokenizer.lowerCase(capitals));
  }

  @Test
  void tooLongIsRefusedOrCut() {
    ClipTokenizer tokenizer = new ClipTokenizer(vocabulary);
    String text = "cat ".repeat(8);
    assertEquals(ClipVocabulary.END, tokenizer.tokens(text, 10, false)[9]);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> tokenizer.tokens(text, 9, false));
    assertTrue(e.getMessage().contains("10 tokens"), e.getMessage());
    int[] cut = tokenizer.tokens(text, 5, true);
    assertArrayEquals(new int[] {49406, cut[1], cut[1], cut[1], 49407}, cut);
    assertThrows(IllegalArgumentException.class, () -> tokenizer.tokens("", 1, true));
  }

  @Test
  void unpackedFileGivesTheSame() throws IOException {
    Path plain = folder.resolve("vocabulary.txt");
    try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(FILE))) {
      Files.write(plain, in.readAllBytes());
    }
    ClipTokenizer other = new ClipTokenizer(ClipVocabulary.read(plain));
    String text = "naïve 日本 teapots";
    assertArrayEquals(
        new ClipTokenizer(vocabulary).tokens(text, 20, false), other.tokens(text, 20, false));
  }

  @Test
  void damagedFilesAreNamed() throws IOException {
    byte[] packed = Files.readAllBytes(FILE);
    Path cut = Files.write(folder.resolve("cut"), Arrays.copyOf(packed, 5000));
    Path text = Files.writeString(folder.resolve("short"), "# comment\ni n\nt h\n");
    Path other = Files.writeString(folder.resolve("other"), "# comment\ni n\nthe cat sat\n");
    Path twice = Files.writeString(folder.resolve("twice"), "# comment\ni n\ni n\n");
    Path binary = Files.write(folder.resolve("binary"), new byte[] {'\n', (byte) 0xff, 'x', '\n'});
    for (Path file : new Path[] {cut, text, other, twice, binary}) {
      FileFormatException e =
          assertThrows(FileFormatException.class, () -> ClipVocabulary.read(file));
      assertTrue(e.getMessage().contains(file.toString()), e.getMessage());
    }
    assertTrue(
        assertThrows(FileFormatException.class, () -> ClipVocabulary.read(other))
            .getMessage()
            .contains("line 3"));
  }
}
