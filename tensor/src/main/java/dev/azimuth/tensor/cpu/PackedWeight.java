package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.DType;

/**
 * A weight [n, k] in float32 that rests as its products read it, in panels, in the same memory.
 * Other kernels read a copy in the order of its elements.
 */
final class PackedWeight implements HostBuffer {
  private final WorkPool pool;
  private volatile PackedFactor packed;

  PackedWeight(float[] values, int n, int k, WorkPool pool) {
    this.pool = pool;
    this.packed = pack(values, n, k);
  }

  private PackedFactor pack(float[] values, int n, int k) {
    return PackedFactor.of(new Factor.ColumnMajor(values, 0, k), n, k, pool);
  }

  @Override
  public int size() {
    return packed.n() * packed.k();
  }

  @Override
  public DType dtype() {
    return DType.FLOAT32;
  }

  /** The elements in order, a copy. */
  float[] values() {
    return packed.unpacked();
  }

  /** Other elements from now on. */
  void replace(float[] values) {
    packed = pack(values, packed.n(), packed.k());
  }

  /** The matrix [n, k] that the elements are, transposed, as the right factor of a product. */
  RightFactor transposed(int n, int k) {
    PackedFactor known = packed;
    return known.n() == n && known.k() == k ? known : new Factor.ColumnMajor(values(), 0, k);
  }
}
