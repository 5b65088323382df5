package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.DType;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * float32 elements for reading: weights. Products want them in panels, so the first product that
 * reads all of them as its right factor lays them out so, and from then on they rest in that form
 * alone, in the same memory.
 */
final class Constant implements HostBuffer {
  private final int size;
  // one of the two is null
  private float @Nullable [] values;
  private @Nullable PackedFactor packed;

  Constant(float[] values) {
    this.size = values.length;
    this.values = values;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public DType dtype() {
    return DType.FLOAT32;
  }

  /** The elements in order; a copy once they rest in panels. */
  synchronized float[] values() {
    return values != null ? values : Objects.requireNonNull(packed).unpacked();
  }

  /** Other elements from now on, in an array that the caller gives up. */
  synchronized void replace(float[] other) {
    values = other;
    packed = null;
  }

  /** The matrix [n, k] that the elements are, transposed, as the right factor of a product. */
  synchronized PackedFactor transposed(int n, int k, WorkPool pool) {
    if (packed != null && packed.n() == n && packed.k() == k) {
      return packed;
    }
    PackedFactor form = PackedFactor.of(new Factor.ColumnMajor(values(), 0, k), n, k, pool);
    if ((long) n * k == size) {
      packed = form;
      values = null;
    }
    return form;
  }
}
