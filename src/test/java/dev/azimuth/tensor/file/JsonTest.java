package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  private static final Path FILE = Path.of("x.json");

  @TempDir Path folder;

  private static Json parse(String text) throws FileFormatException {
    return Json.parse(FILE, "config", text);
  }

  @Test
  void readsEveryKindOfValue() throws IOException {
    Json.Obj object =
        (Json.Obj)
            parse(
                """
                 { "a" : [ 1 , -2.5e+3, 0.0, 9007199254740993 ], "b": {"c": null},
                   "d": true, "e": false, "f": "", "g": [], "h": {} }
                """);
    assertEquals(
        List.of("a", "b", "d", "e", "f", "g", "h"), List.copyOf(object.members().keySet()));
    List<Json> numbers = ((Json.Arr) object.members().get("a")).elements();
    assertEquals(1, ((Json.Num) numbers.get(0)).toLong());
    assertEquals(-2500, ((Json.Num) numbers.get(1)).toDouble());
    assertEquals(9007199254740993L, ((Json.Num) numbers.get(3)).toLong());
    assertEquals(new Json.Null(), ((Json.Obj) object.members().get("b")).members().get("c"));
    assertEquals(new Json.Bool(true), object.members().get("d"));
    assertEquals(new Json.Bool(false), object.members().get("e"));
    assertEquals(new Json.Str(""), object.members().get("f"));
  }

  @Test
  void readsEscapesAndUnicode() throws IOException {
    assertEquals(
        new Json.Str("\"\\/\b\f\n\r\t é € 😀 😀"),
        parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t \\u00e9 € 😀 \\uD83D\\ude00\""));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "}",
        "[",
        "[1,]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"a\":2}",
        "01",
        "-",
        "1.",
        ".5",
        "1e",
        "+1",
        "1e+",
        "NaN",
        "-Infinity",
        "tru",
        "nul",
        "truee",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12G4\"",
        "\"\\uD83D\"",
        "\"\\ude00\"",
        "\"\n\"",
        "1 1",
        "[] []",
        "'a'",
        "// c\n1",
        "\u00a01",
        "\"\\u١٢٣٤\"",
        "\uFEFF1"
      })
  void refusesEverythingElse(String text) {
    FileFormatException e = assertThrows(FileFormatException.class, () -> parse(text));
    assertTrue(e.getMessage().startsWith("x.json: config: "), e.getMessage());
  }

  @Test
  void refusesBytesThatAreNoUtf8() throws IOException {
    Path file = folder.resolve("a.json");
    for (byte[] bytes :
        List.of(
            new byte[] {'"', (byte) 0xC3, '"'},
            new byte[] {'"', (byte) 0xC0, (byte) 0x80, '"'},
            new byte[] {'"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"'})) {
      Files.write(file, bytes);
      assertThrows(FileFormatException.class, () -> Json.read(file));
    }
    Files.writeString(file, "\"ü\"");
    assertEquals(new Json.Str("ü"), Json.read(file));
  }

  @Test
  void nestingIsBounded() throws IOException {
    assertTrue(parse("[".repeat(65) + "]".repeat(65)) instanceof Json.Arr);
    assertThrows(FileFormatException.class, () -> parse("[".repeat(66) + "]".repeat(66)));
    assertThrows(FileFormatException.class, () -> parse("{\"a\":".repeat(1_000_000)));
  }
}
