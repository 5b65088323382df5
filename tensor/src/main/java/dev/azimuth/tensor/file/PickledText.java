package dev.azimuth.tensor.file;

import dev.azimuth.tensor.file.Pickled.Bytes;
import dev.azimuth.tensor.file.Pickled.Compiled;
import dev.azimuth.tensor.file.Pickled.Dict;
import dev.azimuth.tensor.file.Pickled.Global;
import dev.azimuth.tensor.file.Pickled.Huge;
import dev.azimuth.tensor.file.Pickled.Items;
import dev.azimuth.tensor.file.Pickled.None;
import dev.azimuth.tensor.file.Pickled.Storage;
import dev.azimuth.tensor.file.Pickled.Stub;
import dev.azimuth.tensor.file.Pickled.View;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Puts a pickle's plain values into words, with so many letters in all: a list that holds the same
 * list twice, which does so again, would otherwise have no end.
 */
final class PickledText {
  static final int MAX_DEPTH = 32;
  static final int MAX_LETTERS = 1 << 16;

  private int lettersLeft = MAX_LETTERS;

  /** What it is, for a message. */
  static String kind(Object value) {
    return switch (value) {
      case Dict _ -> "a dictionary";
      case Compiled _ -> "a compiled model";
      case Items items -> items.grows() ? "a list" : "a tuple";
      case Stub stub -> "an object of " + Quoted.of(stub.toString());
      case Global global -> "the class " + Quoted.of(global.toString());
      case View _ -> "a tensor";
      case Storage _ -> "a storage";
      case None _ -> "None";
      case String _ -> "a text";
      case Bytes _ -> "bytes";
      default -> "a number";
    };
  }

  /** The value in words; null if it holds a tensor, is too deep or does not fit any more. */
  @Nullable String of(Object value) {
    StringBuilder text = new StringBuilder();
    boolean whole;
    if (value instanceof String plain) {
      whole = plain.length() <= lettersLeft;
      text.append(whole ? plain : "");
    } else {
      whole = append(text, value, 0);
    }
    if (!whole) {
      return null;
    }
    lettersLeft -= text.length();
    return text.toString();
  }

  private boolean append(StringBuilder text, Object value, int depth) {
    if (depth > MAX_DEPTH || text.length() > lettersLeft) {
      return false;
    }
    switch (value) {
      case None _ -> text.append("null");
      case Boolean _, Long _ -> text.append(value);
      case Double number when Double.isFinite(number) -> text.append(value);
      case Double _ -> text.append('"').append(value).append('"');
      case Huge huge when huge.value() != null -> text.append(huge.value());
      case Huge _ -> text.append("\"<integer>\"");
      case Bytes bytes -> text.append("\"<").append(bytes.length()).append(" bytes>\"");
      case String plain -> {
        return appendString(text, plain);
      }
      case Global global -> {
        return appendString(text, "<" + global + ">");
      }
      case Stub stub -> {
        return appendString(text, "<" + stub + ">");
      }
      case Items items -> {
        return appendItems(text, items, depth);
      }
      case Dict dict -> {
        return appendDict(text, dict, depth);
      }
      default -> {
        return false;
      }
    }
    return text.length() <= lettersLeft;
  }

  private boolean appendItems(StringBuilder text, Items items, int depth) {
    text.append('[');
    for (int i = 0; i < items.size(); i++) {
      text.append(i == 0 ? "" : ",");
      if (!append(text, items.get(i), depth + 1)) {
        return false;
      }
    }
    text.append(']');
    return true;
  }

  private boolean appendDict(StringBuilder text, Dict dict, int depth) {
    text.append('{');
    String separator = "";
    for (Map.Entry<Object, Object> member : dict.members().entrySet()) {
      text.append(separator);
      separator = ",";
      String key =
          switch (member.getKey()) {
            case String plain -> plain;
            case Global global -> "<" + global + ">";
            case Long number -> number.toString();
            default -> "<" + kind(member.getKey()) + ">";
          };
      if (!appendString(text, key)) {
        return false;
      }
      text.append(':');
      if (!append(text, member.getValue(), depth + 1)) {
        return false;
      }
    }
    text.append('}');
    return true;
  }

  private boolean appendString(StringBuilder text, String plain) {
    if (plain.length() > lettersLeft - text.length()) {
      return false;
    }
    Json.appendString(text, plain);
    return text.length() <= lettersLeft;
  }
}
