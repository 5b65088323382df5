package dev.azimuth.kernels;

import org.jspecify.annotations.Nullable;

/** A library's products of matrices, as BLAS has them: column after column. */
interface Gemm extends AutoCloseable {
  /**
   * A batch of matrices.
   *
   * @param first where the first begins
   * @param isTransposed whether the product takes its transpose
   * @param leading floats from a column to the next
   * @param step floats from a matrix to the next; 0 where all products share it
   */
  record Operand(DevicePointer first, boolean isTransposed, int leading, long step) {}

  /** Queues, for each of a batch: c [m, n] = a [m, k] · b [k, n]; c's columns lie end to end. */
  void multiply(
      CudaDriver.Stream stream,
      int m,
      int n,
      int k,
      Operand a,
      Operand b,
      DevicePointer c,
      int batch);

  @Override
  void close();

  /**
   * A library looked for once.
   *
   * @param gemm null where it isn't used
   * @param report which it is, or why there is none
   */
  record Probe(@Nullable Gemm gemm, String report) {
    /** None was looked for. */
    static final Probe NONE = new Probe(null, "our own kernels alone");
  }
}
