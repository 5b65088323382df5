package dev.azimuth.benchmarks;

import dev.azimuth.nn.Context;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Tensor;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What is timed, written once: an operation or a whole model. Its operands are parameters, so that
 * both sides get the same; constructing it asks for them, the supplier computes.
 */
@FunctionalInterface
interface Network {
  /**
   * The computation on these operands.
   *
   * @param p where operands come from; those under {@link Operands#INPUT} aren't weights
   * @param context how a context's tokens are attended to: ours folds a single one, the published
   *     network, which libtorch runs, doesn't
   */
  Supplier<Tensor> on(Parameters p, Function<Tensor, Context> context);
}
