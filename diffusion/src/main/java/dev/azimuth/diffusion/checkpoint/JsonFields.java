package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a foreign configuration, of which only those that matter are looked at; errors name
 * the file and the field.
 */
final class JsonFields {
  private final Path file;
  private final Json.Obj object;

  private JsonFields(Path file, Json.Obj object) {
    this.file = file;
    this.object = object;
  }

  /**
   * The fields of a file.
   *
   * @throws IOException if it can't be read or is no JSON object
   */
  static JsonFields read(Path file) throws IOException {
    if (Json.read(file) instanceof Json.Obj object) {
      return new JsonFields(file, object);
    }
    throw new FileFormatException(file, "a JSON object was expected");
  }

  private @Nullable Json find(String key) {
    Json value = object.members().get(key);
    return value instanceof Json.Null ? null : value;
  }

  /** Whether there is a value, and it isn't null. */
  boolean has(String key) {
    return find(key) != null;
  }

  /** A whole number. */
  int integer(String key) throws FileFormatException {
    return integer(key, find(key));
  }

  /** A whole number, or a default. */
  int integer(String key, int absent) throws FileFormatException {
    return has(key) ? integer(key) : absent;
  }

  private int integer(String key, @Nullable Json value) throws FileFormatException {
    try {
      if (value instanceof Json.Num number) {
        return Math.toIntExact(number.toLong());
      }
    } catch (NumberFormatException | ArithmeticException _) {
      // said below
    }
    throw refuse(key, "a whole number was expected");
  }

  /** A list of whole numbers. */
  List<Integer> integers(String key) throws FileFormatException {
    if (!(find(key) instanceof Json.Arr array)) {
      throw refuse(key, "a list of whole numbers was expected");
    }
    List<Integer> values = new ArrayList<>();
    for (Json element : array.elements()) {
      values.add(integer(key, element));
    }
    return values;
  }

  /** One whole number, be it written once or once for each level. */
  int same(String key, int absent) throws FileFormatException {
    if (!(find(key) instanceof Json.Arr)) {
      return integer(key, absent);
    }
    List<Integer> values = integers(key);
    if (values.stream().distinct().count() != 1) {
      throw refuse(key, "must be the same for each level, not " + values);
    }
    return values.get(0);
  }

  /** A number, or a default. */
  double number(String key, double absent) throws FileFormatException {
    return switch (find(key)) {
      case null -> absent;
      case Json.Num number -> number.toDouble();
      default -> throw refuse(key, "a number was expected");
    };
  }

  /** A text, or a default. */
  String text(String key, String absent) throws FileFormatException {
    return switch (find(key)) {
      case null -> absent;
      case Json.Str text -> text.value();
      default -> throw refuse(key, "a text was expected");
    };
  }

  /** A list of texts. */
  List<String> texts(String key) throws FileFormatException {
    List<String> values = new ArrayList<>();
    if (find(key) instanceof Json.Arr array) {
      for (Json element : array.elements()) {
        if (element instanceof Json.Str text) {
          values.add(text.value());
        }
      }
    }
    if (values.isEmpty()) {
      throw refuse(key, "a list of texts was expected");
    }
    return values;
  }

  /** True or false, or a default. */
  boolean flag(String key, boolean absent) throws FileFormatException {
    return switch (find(key)) {
      case null -> absent;
      case Json.Bool flag -> flag.value();
      default -> throw refuse(key, "true or false was expected");
    };
  }

  /** Refuses a value other than the one that our networks have. */
  void require(String key, String actual, String only) throws FileFormatException {
    if (!actual.equals(only)) {
      throw refuse(key, "only " + only + " is built here, not " + actual);
    }
  }

  FileFormatException refuse(String key, String reason) {
    return new FileFormatException(file, key + ": " + reason);
  }

  /** An impossible size, told by the record that it was given to. */
  FileFormatException refuse(IllegalArgumentException e) {
    return new FileFormatException(file, String.valueOf(e.getMessage()), e);
  }
}
