package dev.azimuth.diffusion;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rules that sizes in a configuration obey, each with a message naming the configuration's key. */
final class Sizes {
  private Sizes() {}

  static void requirePositive(String key, int size) {
    if (size < 1) {
      throw new IllegalArgumentException(key + ": must be 1 or more, not " + size);
    }
  }

  /** The list itself; a configuration without the key gives null here. */
  static List<Integer> list(String key, @Nullable List<Integer> sizes) {
    if (sizes == null) {
      throw new IllegalArgumentException(key + ": is missing");
    }
    return List.copyOf(sizes);
  }

  static void requireSome(String key, List<Integer> sizes) {
    if (sizes.isEmpty()) {
      throw new IllegalArgumentException(key + ": must list at least one size");
    }
    sizes.forEach(size -> requirePositive(key, size));
  }

  static void requireDivides(String key, int divisor, String whole, int size) {
    if (divisor < 1 || size % divisor != 0) {
      throw new IllegalArgumentException(
          key + " must divide " + whole + ": " + divisor + " does not divide " + size);
    }
  }
}
