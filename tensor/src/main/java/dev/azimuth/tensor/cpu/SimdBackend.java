package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Tensor;

/**
 * The fast CPU backend: float32 kernels on the Vector API at this machine's preferred width.
 *
 * <p>float64 is left to the oracle, which keeps its tensors in the same arrays.
 */
final class SimdBackend implements Backend {
  private final WorkPool pool;
  private final ScalarBackend scalar;
  private final SimdConvolution convolution;

  /**
   * Runs on the threads of {@code pool}, which {@link #close} closes.
   *
   * @param isExact whether convolutions multiply as they are defined
   * @throws LinkageError if vectors are narrower than 128 bits
   */
  SimdBackend(WorkPool pool, boolean isExact) {
    if (RegisterBlock.SPECIES.length() < 4) {
      throw new LinkageError("vectors of " + RegisterBlock.SPECIES.vectorBitSize() + " bits");
    }
    this.pool = pool;
    scalar = new ScalarBackend(pool);
    convolution = new SimdConvolution(pool, isExact);
  }

  @Override
  public String name() {
    return "cpu:simd";
  }

  @Override
  public Buffer allocate(DType dtype, int size) {
    return scalar.allocate(dtype, size);
  }

  @Override
  public Buffer adopt(float[] values) {
    return scalar.adopt(values);
  }

  @Override
  public Buffer weight(float[] values, int n, int k) {
    return new PackedWeight(values, n, k, pool);
  }

  @Override
  public Buffer halved(float[] values) {
    return scalar.halved(values);
  }

  @Override
  public void upload(float[] values, Buffer buffer) {
    scalar.upload(values, buffer);
  }

  @Override
  public void upload(double[] values, Buffer buffer) {
    scalar.upload(values, buffer);
  }

  @Override
  public float[] downloadFloats(Buffer buffer) {
    return scalar.downloadFloats(buffer);
  }

  @Override
  public double[] downloadDoubles(Buffer buffer) {
    return scalar.downloadDoubles(buffer);
  }

  @Override
  public void run(Kernel kernel) {
    if (output(kernel).dtype() != DType.FLOAT32) {
      scalar.run(kernel);
      return;
    }
    switch (kernel) {
      case Kernel.Fill k -> SimdElementwise.run(k, pool);
      case Kernel.Copy k -> SimdCopy.run(k, pool);
      case Kernel.Unary k -> SimdElementwise.run(k, pool);
      case Kernel.UnaryVjp k -> SimdElementwise.run(k, pool);
      case Kernel.Affine k -> SimdElementwise.run(k, pool);
      case Kernel.Clamp k -> SimdElementwise.run(k, pool);
      case Kernel.ClampVjp k -> SimdElementwise.run(k, pool);
      case Kernel.Binary k -> SimdBinary.run(k, pool);
      case Kernel.Select k -> SimdElementwise.run(k, pool);
      case Kernel.Reduce k -> SimdReduce.run(k, pool);
      case Kernel.Matmul k -> SimdMatmul.run(k, pool);
      case Kernel.Conv2d k -> convolution.run(k);
      case Kernel.Conv2dInputVjp k -> convolution.run(k);
      case Kernel.Conv2dWeightVjp k -> convolution.run(k);
      case Kernel.Gather k -> SimdGather.run(k, pool);
      case Kernel.GatherVjp k -> SimdGather.run(k, pool);
      case Kernel.Resample k -> SimdResample.run(k, pool);
      case Kernel.MaxPool2d k -> SimdMaxPool.run(k, pool);
      case Kernel.MaxPool2dVjp k -> SimdMaxPool.run(k, pool);
      case Kernel.Softmax k -> SimdSoftmax.run(k, pool);
      case Kernel.SoftmaxVjp k -> SimdSoftmax.run(k, pool);
      case Kernel.LogSoftmax k -> SimdSoftmax.run(k, pool);
      case Kernel.LogSoftmaxVjp k -> SimdSoftmax.run(k, pool);
      case Kernel.GroupNorm k -> SimdGroupNorm.run(k, pool);
      case Kernel.GroupNormVjp k -> SimdGroupNorm.run(k, pool);
      case Kernel.LayerNorm k -> SimdLayerNorm.run(k, pool);
      case Kernel.LayerNormVjp k -> SimdLayerNorm.run(k, pool);
      case Kernel.Attention k -> SimdAttention.run(k, pool);
      case Kernel.AttentionVjp k -> SimdAttention.run(k, pool);
      case Kernel.Geglu k -> SimdGeglu.run(k, pool);
      case Kernel.GegluVjp k -> SimdGeglu.run(k, pool);
      case Kernel.AdamW k -> SimdOptimizer.run(k, pool);
      case Kernel.Ema k -> SimdOptimizer.run(k, pool);
    }
  }

  /** A tensor that the kernel writes; all its operands have the same type. */
  private static Tensor output(Kernel kernel) {
    return switch (kernel) {
      case Kernel.Fill k -> k.y();
      case Kernel.Copy k -> k.y();
      case Kernel.Unary k -> k.y();
      case Kernel.UnaryVjp k -> k.dx();
      case Kernel.Affine k -> k.y();
      case Kernel.Clamp k -> k.y();
      case Kernel.ClampVjp k -> k.dx();
      case Kernel.Binary k -> k.y();
      case Kernel.Select k -> k.y();
      case Kernel.Reduce k -> k.y();
      case Kernel.Matmul k -> k.y();
      case Kernel.Conv2d k -> k.y();
      case Kernel.Conv2dInputVjp k -> k.dx();
      case Kernel.Conv2dWeightVjp k -> k.dWeight();
      case Kernel.Gather k -> k.y();
      case Kernel.GatherVjp k -> k.dTable();
      case Kernel.Resample k -> k.y();
      case Kernel.MaxPool2d k -> k.y();
      case Kernel.MaxPool2dVjp k -> k.dx();
      case Kernel.Softmax k -> k.y();
      case Kernel.SoftmaxVjp k -> k.dx();
      case Kernel.LogSoftmax k -> k.y();
      case Kernel.LogSoftmaxVjp k -> k.dx();
      case Kernel.GroupNorm k -> k.y();
      case Kernel.GroupNormVjp k -> k.dx();
      case Kernel.LayerNorm k -> k.y();
      case Kernel.LayerNormVjp k -> k.dx();
      case Kernel.Attention k -> k.y();
      case Kernel.AttentionVjp k -> k.dq();
      case Kernel.Geglu k -> k.y();
      case Kernel.GegluVjp k -> k.dx();
      case Kernel.AdamW k -> k.parameter();
      case Kernel.Ema k -> k.shadow();
    };
  }

  @Override
  public void synchronize() {
    // every kernel is done when run returns
  }

  @Override
  public void close() {
    pool.close();
  }
}
