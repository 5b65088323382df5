package dev.azimuth.tensor;

import java.util.Set;
import java.util.function.Supplier;

/**
 * One kernel with operands of certain sizes and values.
 *
 * @param label what is special about it
 * @param kernel builds it: float64 tensors on the oracle, inputs that are exact in float32
 * @param vanishing outputs that are nothing but rounding errors here, such as the variance of equal
 *     numbers
 */
record KernelCase(String label, Supplier<Kernel> kernel, Set<String> vanishing) {
  static KernelCase of(String label, Supplier<Kernel> kernel) {
    return new KernelCase(label, kernel, Set.of());
  }

  /** The same, with outputs that are nothing but rounding errors. */
  KernelCase vanishing(String... outputs) {
    return new KernelCase(label, kernel, Set.of(outputs));
  }

  @Override
  public String toString() {
    return label;
  }
}
