package dev.azimuth.benchmarks;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What a network computes, learned without computing it.
 *
 * @param operands by name, in the order of construction
 * @param shapes the operands' published shapes
 * @param constants what it uploads
 * @param kernels what runs, in order
 * @param result what comes out
 */
record Traced(
    Map<String, Tensor> operands,
    SequencedMap<String, Shape> shapes,
    List<KernelTrace.Constant> constants,
    List<Kernel> kernels,
    Tensor result) {

  /** A network's result. */
  static Traced forward(Network network, Function<Tensor, Context> context) {
    return of(network, context, false);
  }

  /** A network's result and its gradients in all operands. */
  static Traced backward(Network network, Function<Tensor, Context> context) {
    return of(network, context, true);
  }

  private static Traced of(
      Network network, Function<Tensor, Context> context, boolean withGradients) {
    KernelTrace trace = new KernelTrace();
    Parameters p = Parameters.outlined(trace, withGradients);
    Supplier<Tensor> body = network.on(p, context);
    Tensor y = body.get();
    if (withGradients) {
      Gradients.of(y, trace.empty(y.shape(), y.dtype()));
    }
    return new Traced(p.tensors(), p.shapes(), trace.constants(), trace.kernels(), y);
  }
}
