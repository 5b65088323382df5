package dev.azimuth.app.replay;

import dev.azimuth.tensor.file.Json;
import java.math.BigDecimal;
import java.math.BigInteger;
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

  /** An integer, which may be written as {@code 2.0}. */
  public int integer(String name) {
    return integer(name, get(name, Json.Num.class));
  }

  private static int integer(String name, Json value) {
    try {
      return new BigDecimal(as(name, Json.Num.class, value).text()).intValueExact();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "config: " + name + " must be an integer; got " + value, e);
    }
  }

  /** The low 64 bits of an integer of any size: a seed. */
  public long seed(String name) {
    return new BigInteger(get(name, Json.Num.class).text()).longValue();
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
    return elements(name).stream().mapToInt(element -> integer(name, element)).toArray();
  }

  /** A list of numbers. */
  public List<Double> numbers(String name) {
    return elements(name).stream()
        .map(element -> as(name, Json.Num.class, element).toDouble())
        .toList();
  }

  /** A list of strings. */
  public List<String> texts(String name) {
    return elements(name).stream()
        .map(element -> as(name, Json.Str.class, element).value())
        .toList();
  }

  /** A list of objects. */
  public List<ReplayConfig> objects(String name) {
    return elements(name).stream()
        .map(element -> new ReplayConfig(as(name, Json.Obj.class, element)))
        .toList();
  }

  /** An object. */
  public ReplayConfig object(String name) {
    return new ReplayConfig(get(name, Json.Obj.class));
  }

  private List<Json> elements(String name) {
    return get(name, Json.Arr.class).elements();
  }

  private <T extends Json> T get(String name, Class<T> type) {
    Json value = json.members().get(name);
    if (value == null) {
      throw new IllegalArgumentException(
          "config: " + name + " is missing among " + json.members().keySet());
    }
    return as(name, type, value);
  }

  private static <T extends Json> T as(String name, Class<T> type, Json value) {
    if (!type.isInstance(value)) {
      throw new IllegalArgumentException(
          "config: " + name + " must be " + type.getSimpleName() + "; got " + value);
    }
    return type.cast(value);
  }
}
