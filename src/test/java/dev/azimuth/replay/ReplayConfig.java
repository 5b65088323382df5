package dev.azimuth.replay;

import dev.azimuth.tensor.file.Json;
import java.util.List;

/**
 * The configuration of a record, read by name; a missing name or another type is refused.
 *
 * @param json the members
 */
public record ReplayConfig(Json.Obj json) {
  /** Whether the name is there and not null. */
  public boolean has(String name) {
    Json value = json.members().get(name);
    return value != null && !(value instanceof Json.Null);
  }

  /** An integer. */
  public int integer(String name) {
    return Math.toIntExact(get(name, Json.Num.class).toLong());
  }

  /** An integer that may need 64 bits, such as a seed. */
  public long longInteger(String name) {
    return get(name, Json.Num.class).toLong();
  }

  /** A number. */
  public double number(String name) {
    return get(name, Json.Num.class).toDouble();
  }

  /** True or false. */
  public boolean flag(String name) {
    return get(name, Json.Bool.class).value();
  }

  /** A string. */
  public String text(String name) {
    return get(name, Json.Str.class).value();
  }

  /** A list of integers. */
  public int[] integers(String name) {
    return numbers(name).stream().mapToInt(n -> Math.toIntExact(n.toLong())).toArray();
  }

  /** A list of numbers. */
  public List<Json.Num> numbers(String name) {
    return get(name, Json.Arr.class).elements().stream().map(Json.Num.class::cast).toList();
  }

  /** An object. */
  public ReplayConfig object(String name) {
    return new ReplayConfig(get(name, Json.Obj.class));
  }

  private <T extends Json> T get(String name, Class<T> type) {
    Json value = json.members().get(name);
    if (!type.isInstance(value)) {
      throw new IllegalArgumentException(
          "config: " + name + " must be " + type.getSimpleName() + "; got " + value);
    }
    return type.cast(value);
  }
}
