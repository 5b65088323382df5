package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.params;

import dev.azimuth.tensor.Kernel;
import java.util.List;

/** Launches softmax.cu: a warp for each row, or a block where rows are long. */
final class SoftmaxLauncher {
  private static final int BLOCK = 256;

  /** Columns up to which a row is a warp's. */
  private static final int SHORT = 1024;

  private static final KernelSpec SOFTMAX_WARP = spec("softmax_32_f32", 2);
  private static final KernelSpec SOFTMAX_BLOCK = spec("softmax_256_f32", 2);
  private static final KernelSpec SOFTMAX_VJP_WARP = spec("softmax_vjp_32_f32", 3);
  private static final KernelSpec SOFTMAX_VJP_BLOCK = spec("softmax_vjp_256_f32", 3);
  private static final KernelSpec LOG_WARP = spec("log_softmax_32_f32", 2);
  private static final KernelSpec LOG_BLOCK = spec("log_softmax_256_f32", 2);
  private static final KernelSpec LOG_VJP_WARP = spec("log_softmax_vjp_32_f32", 3);
  private static final KernelSpec LOG_VJP_BLOCK = spec("log_softmax_vjp_256_f32", 3);

  static final List<KernelSpec> SPECS =
      List.of(
          SOFTMAX_WARP,
          SOFTMAX_BLOCK,
          SOFTMAX_VJP_WARP,
          SOFTMAX_VJP_BLOCK,
          LOG_WARP,
          LOG_BLOCK,
          LOG_VJP_WARP,
          LOG_VJP_BLOCK);

  private SoftmaxLauncher() {}

  private static KernelSpec spec(String entry, int pointers) {
    return new KernelSpec("softmax.ptx", entry, BLOCK, params(pointers, 2));
  }

  static void softmax(Launch cuda, Kernel.Softmax k) {
    launch(
        cuda, SOFTMAX_WARP, SOFTMAX_BLOCK, k.rows(), k.columns(), cuda.in(k.x()), cuda.out(k.y()));
  }

  static void softmaxVjp(Launch cuda, Kernel.SoftmaxVjp k) {
    launch(
        cuda,
        SOFTMAX_VJP_WARP,
        SOFTMAX_VJP_BLOCK,
        k.rows(),
        k.columns(),
        cuda.in(k.y()),
        cuda.in(k.dy()),
        cuda.out(k.dx()));
  }

  static void logSoftmax(Launch cuda, Kernel.LogSoftmax k) {
    launch(cuda, LOG_WARP, LOG_BLOCK, k.rows(), k.columns(), cuda.in(k.x()), cuda.out(k.y()));
  }

  static void logSoftmaxVjp(Launch cuda, Kernel.LogSoftmaxVjp k) {
    launch(
        cuda,
        LOG_VJP_WARP,
        LOG_VJP_BLOCK,
        k.rows(),
        k.columns(),
        cuda.in(k.y()),
        cuda.in(k.dy()),
        cuda.out(k.dx()));
  }

  private static void launch(
      Launch cuda,
      KernelSpec warp,
      KernelSpec block,
      int rows,
      int columns,
      DevicePointer... operands) {
    Object[] arguments = new Object[operands.length + 2];
    System.arraycopy(operands, 0, arguments, 0, operands.length);
    arguments[operands.length] = rows;
    arguments[operands.length + 1] = columns;
    if (columns <= SHORT) {
      cuda.launch(warp, Math.ceilDiv(rows, BLOCK / 32), arguments);
    } else {
      cuda.launch(block, rows, arguments);
    }
  }
}
