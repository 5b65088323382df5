package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.MAP_THREADS;
import static dev.azimuth.kernels.ParamType.F32;
import static dev.azimuth.kernels.ParamType.I32;
import static dev.azimuth.kernels.ParamType.PTR;

import dev.azimuth.tensor.Kernel;
import java.util.List;

/**
 * Launches naive.cu: all scores in memory, a kernel for each of attention's three steps. The rung
 * to learn from and to measure the others by.
 */
final class NaiveAttention {
  private static final KernelSpec SCORES =
      new KernelSpec(
          "naive.ptx",
          "naive_scores_f32",
          MAP_THREADS,
          PTR,
          PTR,
          PTR,
          I32,
          I32,
          I32,
          I32,
          I32,
          F32,
          I32);

  private static final KernelSpec SOFTMAX =
      new KernelSpec("naive.ptx", "naive_softmax_f32", MAP_THREADS, PTR, PTR, I32, I32);

  private static final KernelSpec VALUES =
      new KernelSpec(
          "naive.ptx", "naive_values_f32", MAP_THREADS, PTR, PTR, PTR, I32, I32, I32, I32, I32);

  static final List<KernelSpec> SPECS = List.of(SCORES, SOFTMAX, VALUES);

  private NaiveAttention() {}

  static void attention(Launch cuda, Kernel.Attention k, AttentionLauncher.Sizes s) {
    int rows = s.batch() * s.heads() * s.queries();
    int size = Math.multiplyExact(rows, s.keys());
    DevicePointer scores = cuda.scratch(size);
    cuda.map(
        SCORES,
        size,
        cuda.in(k.q()),
        cuda.in(k.k()),
        scores,
        size,
        s.heads(),
        s.queries(),
        s.keys(),
        s.d(),
        (float) k.scale(),
        k.causal() ? 1 : 0);
    long rowsPerBlock = MAP_THREADS / 32;
    cuda.launch(
        SOFTMAX, Math.ceilDiv(rows, rowsPerBlock), scores, cuda.out(k.logSumExp()), rows, s.keys());
    int outputs = k.y().shape().size();
    cuda.map(
        VALUES,
        outputs,
        scores,
        cuda.in(k.v()),
        cuda.out(k.y()),
        outputs,
        s.heads(),
        s.queries(),
        s.keys(),
        s.d());
  }
}
