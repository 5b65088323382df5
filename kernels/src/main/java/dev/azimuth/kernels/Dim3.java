package dev.azimuth.kernels;

/** The extent of a grid in blocks or of a block in threads. */
public record Dim3(int x, int y, int z) {
  public Dim3 {
    if (x <= 0 || y <= 0 || z <= 0) {
      throw new IllegalArgumentException(
          "a grid or block has at least one element per axis; got %d x %d x %d".formatted(x, y, z));
    }
  }

  public static Dim3 of(int x) {
    return new Dim3(x, 1, 1);
  }

  public static Dim3 of(int x, int y) {
    return new Dim3(x, y, 1);
  }

  /** Elements in all. */
  public long size() {
    return (long) x * y * z;
  }

  @Override
  public String toString() {
    return x + "x" + y + "x" + z;
  }
}
