package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Kernel;

/** The oracle's kernels that change tensors in place: one step of an optimizer or an average. */
final class ScalarUpdates {
  private ScalarUpdates() {}

  static void adamW(WorkPool pool, Kernel.AdamW kernel) {
    Kernel.AdamWStep step = kernel.step();
    double lr = step.learningRate();
    double correction1 = 1 - Math.pow(step.beta1(), step.step());
    double correction2 = 1 - Math.pow(step.beta2(), step.step());
    double[] g = Elements.of(kernel.gradient());
    double[] p = Elements.of(kernel.parameter());
    double[] m = Elements.of(kernel.m());
    double[] v = Elements.of(kernel.v());
    ScalarElementwise.forEach(
        pool,
        p.length,
        i -> {
          m[i] = step.beta1() * m[i] + (1 - step.beta1()) * g[i];
          v[i] = step.beta2() * v[i] + (1 - step.beta2()) * g[i] * g[i];
          double denominator = Math.sqrt(v[i]) / Math.sqrt(correction2) + step.eps();
          p[i] = p[i] * (1 - lr * step.weightDecay()) - lr / correction1 * m[i] / denominator;
        });
    Elements.store(p, kernel.parameter());
    Elements.store(m, kernel.m());
    Elements.store(v, kernel.v());
  }

  static void ema(WorkPool pool, Kernel.Ema kernel) {
    double[] shadow = Elements.of(kernel.shadow());
    double[] value = Elements.of(kernel.value());
    ScalarElementwise.forEach(
        pool, shadow.length, i -> shadow[i] -= (1 - kernel.decay()) * (shadow[i] - value[i]));
    Elements.store(shadow, kernel.shadow());
  }
}
