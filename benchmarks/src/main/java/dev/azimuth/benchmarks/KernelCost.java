package dev.azimuth.benchmarks;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Tensor;
import java.lang.reflect.RecordComponent;
import java.util.List;

/**
 * What kernels cost at least, however they are computed.
 *
 * @param flops operations of products, 2 for a multiply-add; Winograd does with fewer
 * @param bytes each kernel's operands, read or written once
 */
record KernelCost(double flops, double bytes) {
  /** The sum over kernels. */
  static KernelCost of(List<Kernel> kernels) {
    double flops = 0;
    double bytes = 0;
    for (Kernel kernel : kernels) {
      flops += flops(kernel);
      bytes += bytes(kernel);
    }
    return new KernelCost(flops, bytes);
  }

  private static double flops(Kernel kernel) {
    return switch (kernel) {
      case Kernel.Matmul k -> 2.0 * k.aOffsets().length * k.m() * k.n() * k.k();
      case Kernel.Conv2d k -> flops(k.geometry());
      case Kernel.Conv2dInputVjp k -> flops(k.geometry());
      case Kernel.Conv2dWeightVjp k -> flops(k.geometry());
      // q kᵀ and p v; backward p again, dv, dp, dq, dk
      case Kernel.Attention k -> 4.0 * k.q().shape().size() * k.k().shape().dim(1);
      case Kernel.AttentionVjp k -> 10.0 * k.q().shape().size() * k.k().shape().dim(1);
      default -> 0;
    };
  }

  private static double flops(Conv2dGeometry g) {
    double outputs = (double) g.batch() * g.outHeight() * g.outWidth() * g.outChannels();
    return 2 * outputs * g.kernelHeight() * g.kernelWidth() * g.inChannels() / g.groups();
  }

  private static double bytes(Kernel kernel) {
    double bytes = 0;
    for (RecordComponent component : kernel.getClass().getRecordComponents()) {
      if (component.getType() == Tensor.class) {
        bytes += 4.0 * size(kernel, component);
      }
    }
    return bytes;
  }

  private static int size(Kernel kernel, RecordComponent component) {
    try {
      return component.getAccessor().invoke(kernel) instanceof Tensor t ? t.shape().size() : 0;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("kernels are public records", e);
    }
  }
}
