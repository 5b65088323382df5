package dev.azimuth.tensor.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * A JSON value (RFC 8259), for configurations and the metadata of tensor files.
 *
 * <p>Reading is strict: nothing may follow the value, names in an object must differ, and nesting
 * is bounded.
 */
public sealed interface Json {
  /** The deepest nesting that is read. */
  int MAX_DEPTH = 64;

  /** The longest text that is read, in bytes. */
  long MAX_BYTES = 100_000_000;

  /** An object, its members in their order. */
  record Obj(SequencedMap<String, Json> members) implements Json {}

  /** An array. */
  record Arr(List<Json> elements) implements Json {}

  /** A string. */
  record Str(String value) implements Json {}

  /** A number as it is written, so that a 64-bit integer loses nothing. */
  record Num(String text) implements Json {
    public double toDouble() {
      return Double.parseDouble(text);
    }

    /**
     * The number as an integer.
     *
     * @throws NumberFormatException unless it is written as one and fits
     */
    public long toLong() {
      return Long.parseLong(text);
    }
  }

  /** True or false. */
  record Bool(boolean value) implements Json {}

  /** Null. */
  record Null() implements Json {}

  /**
   * Reads a whole file.
   *
   * @throws FileFormatException if it holds anything but one JSON value
   */
  static Json read(Path file) throws IOException {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new FileFormatException(file, "longer than %d bytes".formatted(MAX_BYTES));
      }
      return parse(file, "JSON", Files.readAllBytes(file));
    } catch (IOException e) {
      throw IoReason.cannotRead(file, e);
    }
  }

  /**
   * Reads a text that stands in a file.
   *
   * @param file the file, for messages
   * @param what the part of the file, for messages
   * @throws FileFormatException if it is anything but one JSON value
   */
  static Json parse(Path file, String what, String text) throws FileFormatException {
    return parse(file, what, text.getBytes(StandardCharsets.UTF_8));
  }

  private static Json parse(Path file, String what, byte[] text) throws FileFormatException {
    JsonReader reader = new JsonReader(file, what, ByteBuffer.wrap(text));
    Json value = value(reader, 0);
    reader.end();
    return value;
  }

  private static Json value(JsonReader reader, int depth) throws FileFormatException {
    if (depth > MAX_DEPTH) {
      throw reader.refuse("nested deeper than " + MAX_DEPTH);
    }
    return switch (reader.peek()) {
      case '{' -> object(reader, depth);
      case '[' -> array(reader, depth);
      case '"' -> new Str(reader.string());
      case 't', 'f', 'n' -> word(reader);
      default -> new Num(reader.number());
    };
  }

  private static Json word(JsonReader reader) throws FileFormatException {
    if (reader.acceptWord("true")) {
      return new Bool(true);
    }
    if (reader.acceptWord("false")) {
      return new Bool(false);
    }
    if (reader.acceptWord("null")) {
      return new Null();
    }
    throw reader.refuse("value expected");
  }

  private static Obj object(JsonReader reader, int depth) throws FileFormatException {
    SequencedMap<String, Json> members = new LinkedHashMap<>();
    reader.expect('{');
    if (!reader.accept('}')) {
      do {
        String name = reader.string();
        reader.expect(':');
        if (members.putIfAbsent(name, value(reader, depth + 1)) != null) {
          throw reader.refuse("the name " + Quoted.of(name) + " occurs twice");
        }
      } while (reader.accept(','));
      reader.expect('}');
    }
    return new Obj(Collections.unmodifiableSequencedMap(members));
  }

  private static Arr array(JsonReader reader, int depth) throws FileFormatException {
    List<Json> elements = new ArrayList<>();
    reader.expect('[');
    if (!reader.accept(']')) {
      do {
        elements.add(value(reader, depth + 1));
      } while (reader.accept(','));
      reader.expect(']');
    }
    return new Arr(List.copyOf(elements));
  }

  /** Appends a text as JSON, quoted and escaped. */
  static StringBuilder appendString(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> json.append('\\').append(c);
        case '\n' -> json.append("\\n");
        default -> {
          if (c < ' ') {
            json.append("\\u%04x".formatted((int) c));
          } else {
            json.append(c);
          }
        }
      }
    }
    return json.append('"');
  }
}
