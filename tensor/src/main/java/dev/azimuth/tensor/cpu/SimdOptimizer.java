package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** Updates of parameters in place, with the roundings of PyTorch's float32 formulas. */
final class SimdOptimizer {
  private SimdOptimizer() {}

  /** The factors of one step, computed in double and rounded once. */
  private record Factors(
      float decay,
      float beta1Rest,
      float beta2,
      float beta2Rest,
      float rate,
      float root,
      float eps) {
    static Factors of(Kernel.AdamWStep step) {
      double correction1 = 1 - Math.pow(step.beta1(), step.step());
      double correction2 = 1 - Math.pow(step.beta2(), step.step());
      return new Factors(
          (float) (1 - step.learningRate() * step.weightDecay()),
          (float) (1 - step.beta1()),
          (float) step.beta2(),
          (float) (1 - step.beta2()),
          (float) (-step.learningRate() / correction1),
          (float) Math.sqrt(correction2),
          (float) step.eps());
    }
  }

  static void run(Kernel.AdamW kernel, WorkPool pool) {
    float[] p = HostBuffer.floats(kernel.parameter());
    float[] g = HostBuffer.floats(kernel.gradient());
    float[] m = HostBuffer.floats(kernel.m());
    float[] v = HostBuffer.floats(kernel.v());
    Factors factors = Factors.of(kernel.step());
    Ranges.split(pool, p.length, 1, (from, to) -> adamW(p, g, m, v, factors, from, to));
  }

  private static void adamW(
      float[] p, float[] g, float[] m, float[] v, Factors factors, int from, int to) {
    FloatVector beta1Rest = FloatVector.broadcast(SPECIES, factors.beta1Rest);
    FloatVector beta2Rest = FloatVector.broadcast(SPECIES, factors.beta2Rest);
    int i = from;
    for (; i <= to - LANES; i += LANES) {
      FloatVector vg = FloatVector.fromArray(SPECIES, g, i);
      FloatVector vm = FloatVector.fromArray(SPECIES, m, i);
      vm = vg.sub(vm).fma(beta1Rest, vm);
      vm.intoArray(m, i);
      FloatVector vv = FloatVector.fromArray(SPECIES, v, i).mul(factors.beta2);
      vv = vg.mul(vg).fma(beta2Rest, vv);
      vv.intoArray(v, i);
      FloatVector vp = FloatVector.fromArray(SPECIES, p, i).mul(factors.decay);
      stepped(vp, vm, vv, factors).intoArray(p, i);
    }
    if (i < to) {
      VectorMask<Float> tail = VectorMath.mask(i, to);
      FloatVector vg = FloatVector.fromArray(SPECIES, g, i, tail);
      FloatVector vm = FloatVector.fromArray(SPECIES, m, i, tail);
      vm = vg.sub(vm).fma(beta1Rest, vm);
      vm.intoArray(m, i, tail);
      FloatVector vv = FloatVector.fromArray(SPECIES, v, i, tail).mul(factors.beta2);
      vv = vg.mul(vg).fma(beta2Rest, vv);
      vv.intoArray(v, i, tail);
      FloatVector vp = FloatVector.fromArray(SPECIES, p, i, tail).mul(factors.decay);
      stepped(vp, vm, vv, factors).intoArray(p, i, tail);
    }
  }

  private static FloatVector stepped(FloatVector p, FloatVector m, FloatVector v, Factors factors) {
    FloatVector denominator = v.sqrt().div(factors.root).add(factors.eps);
    return m.mul(factors.rate).div(denominator).add(p);
  }

  static void run(Kernel.Ema kernel, WorkPool pool) {
    float[] shadow = HostBuffer.floats(kernel.shadow());
    float[] value = HostBuffer.floats(kernel.value());
    float rest = (float) (1 - kernel.decay());
    Ranges.split(
        pool,
        shadow.length,
        1,
        (from, to) -> {
          for (int i = from; i < to; i++) {
            shadow[i] = shadow[i] - rest * (shadow[i] - value[i]);
          }
        });
  }
}
