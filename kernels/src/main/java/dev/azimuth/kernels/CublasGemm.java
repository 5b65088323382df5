package dev.azimuth.kernels;

import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static jcuda.jcublas.cublasOperation.CUBLAS_OP_T;

import java.util.function.Function;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

/** cuBLAS 12 through JCublas, in full float32: its default math mode keeps tf32 out. */
final class CublasGemm implements Gemm {
  private final cublasHandle handle = new cublasHandle();
  private final Function<CudaDriver.Stream, CUstream> streams;

  /** In the context that is current, on streams whose handles {@code streams} tells. */
  private CublasGemm(Function<CudaDriver.Stream, CUstream> streams) {
    this.streams = streams;
    check("cublasCreate", JCublas2.cublasCreate(handle));
  }

  /** cuBLAS, where its library loads and takes the context that is current. */
  static Probe probe(Function<CudaDriver.Stream, CUstream> streams) {
    try {
      JCudaLibrary.unpacking(() -> JCublas2.setExceptionsEnabled(false));
      int[] version = {0};
      CublasGemm gemm = new CublasGemm(streams);
      check("cublasGetVersion", JCublas2.cublasGetVersion(gemm.handle, version));
      return new Probe(gemm, "matrix products by cuBLAS %d".formatted(version[0]));
    } catch (LinkageError | CudaException e) {
      return new Probe(
          null,
          "cuBLAS isn't used: "
              + String.valueOf(e.getMessage()).lines().findFirst().orElse("it doesn't load"));
    }
  }

  private static void check(String call, int status) {
    if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
      throw new CudaException(call, cublasStatus.stringFor(status), "");
    }
  }

  @Override
  public void multiply(
      CudaDriver.Stream stream,
      int m,
      int n,
      int k,
      Operand a,
      Operand b,
      DevicePointer c,
      int batch) {
    check(
        "cublasSetStream",
        JCublas2.cublasSetStream(handle, new cudaStream_t(streams.apply(stream))));
    check(
        "cublasSgemmStridedBatched",
        JCublas2.cublasSgemmStridedBatched(
            handle,
            operation(a),
            operation(b),
            m,
            n,
            k,
            Pointer.to(new float[] {1}),
            pointer(a.first()),
            a.leading(),
            a.step(),
            pointer(b.first()),
            b.leading(),
            b.step(),
            Pointer.to(new float[] {0}),
            pointer(c),
            m,
            (long) m * n,
            batch));
  }

  private static int operation(Operand operand) {
    return operand.isTransposed() ? CUBLAS_OP_T : CUBLAS_OP_N;
  }

  private static Pointer pointer(DevicePointer pointer) {
    return new CUdeviceptr().withByteOffset(pointer.address());
  }

  @Override
  public void close() {
    check("cublasDestroy", JCublas2.cublasDestroy(handle));
  }
}
