package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.MAP_THREADS;
import static dev.azimuth.kernels.ParamType.F32;
import static dev.azimuth.kernels.ParamType.I32;
import static dev.azimuth.kernels.ParamType.PTR;

import dev.azimuth.tensor.Kernel;
import java.util.List;

/** Launches optimizer.cu: one thread for each element. */
final class OptimizerLauncher {
  private static final KernelSpec ADAMW =
      new KernelSpec(
          "optimizer.ptx",
          "adamw_f32",
          MAP_THREADS,
          PTR,
          PTR,
          PTR,
          PTR,
          I32,
          F32,
          F32,
          F32,
          F32,
          F32,
          F32,
          F32,
          F32);
  private static final KernelSpec EMA =
      new KernelSpec("optimizer.ptx", "ema_f32", MAP_THREADS, PTR, PTR, I32, F32);

  static final List<KernelSpec> SPECS = List.of(ADAMW, EMA);

  private OptimizerLauncher() {}

  static void adamW(Launch cuda, Kernel.AdamW k) {
    Kernel.AdamWStep step = k.step();
    double correction1 = 1 - Math.pow(step.beta1(), step.step());
    double correction2 = 1 - Math.pow(step.beta2(), step.step());
    int size = k.parameter().shape().size();
    cuda.map(
        ADAMW,
        size,
        cuda.out(k.parameter()),
        cuda.in(k.gradient()),
        cuda.out(k.m()),
        cuda.out(k.v()),
        size,
        (float) (1 - step.learningRate() * step.weightDecay()),
        (float) step.beta1(),
        (float) (1 - step.beta1()),
        (float) step.beta2(),
        (float) (1 - step.beta2()),
        (float) (step.learningRate() / correction1),
        (float) Math.sqrt(correction2),
        (float) step.eps());
  }

  static void ema(Launch cuda, Kernel.Ema k) {
    int size = k.shadow().shape().size();
    cuda.map(EMA, size, cuda.out(k.shadow()), cuda.in(k.value()), size, (float) (1 - k.decay()));
  }
}
