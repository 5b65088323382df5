package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Kernel;
import org.jspecify.annotations.Nullable;

/** Matrix products in float32. */
final class SimdMatmul {
  // from this inner size on a product with a transposed left factor, a weight's gradient, splits it
  private static final int LONG_SUM = 512;

  private SimdMatmul() {}

  static void run(Kernel.Matmul kernel, WorkPool pool) {
    if (isOneMatrix(kernel)) {
      int batch = kernel.aOffsets().length;
      multiply(kernel, 0, batch * kernel.m(), pool);
    } else {
      pool.run(kernel.aOffsets().length, batch -> multiply(kernel, batch, kernel.m(), pool));
    }
  }

  /** Whether all batches are one tall matrix times the same right factor. */
  private static boolean isOneMatrix(Kernel.Matmul kernel) {
    int batches = kernel.aOffsets().length;
    if (batches == 0 || (batches > 1 && kernel.transposeA())) {
      return false;
    }
    for (int i = 1; i < batches; i++) {
      if (kernel.bOffsets()[i] != kernel.bOffsets()[0]
          || kernel.aOffsets()[i] != kernel.aOffsets()[0] + i * kernel.m() * kernel.k()) {
        return false;
      }
    }
    return true;
  }

  private static RightFactor right(Kernel.Matmul kernel, int start) {
    int n = kernel.n();
    int k = kernel.k();
    if (kernel.transposeB() && kernel.b().shape().size() == n * k) {
      return HostBuffer.transposed(kernel.b(), n, k);
    }
    float[] b = HostBuffer.floats(kernel.b());
    return kernel.transposeB()
        ? new Factor.ColumnMajor(b, start, k)
        : new Factor.RowMajor(b, start, n);
  }

  private static void multiply(Kernel.Matmul kernel, int batch, int m, WorkPool pool) {
    float[] a = HostBuffer.floats(kernel.a());
    int n = kernel.n();
    int k = kernel.k();
    int aStart = kernel.aOffsets()[batch];
    int bStart = kernel.bOffsets()[batch];
    LeftFactor left =
        kernel.transposeA()
            ? new Factor.ColumnMajor(a, aStart, m)
            : new Factor.RowMajor(a, aStart, k);
    RightFactor right = right(kernel, bStart);
    Product.Target.RowMajor target =
        new Product.Target.RowMajor(HostBuffer.floats(kernel.y()), batch * kernel.m() * n, n);
    if (kernel.bias() == null && kernel.transposeA() && k >= LONG_SUM) {
      new SplitProduct(left, right, m, n, k).into(target, pool);
    } else {
      float @Nullable [] bias = kernel.bias() == null ? null : HostBuffer.floats(kernel.bias());
      new Product(left, right, m, n, k).into(target, bias, 0, pool);
    }
  }
}
