package dev.azimuth.benchmarks;

import ai.djl.ndarray.NDManager;
import dev.azimuth.benchmarks.TorchScript.ImageLayout;
import dev.azimuth.nn.Context;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.function.Function;

/**
 * How far an operation's result is from the float64 oracle's on the same float32 operands: root
 * mean squares, |result - oracle| / |oracle|.
 *
 * @param ours with the fast defaults
 * @param exact with {@code --exact}
 * @param libtorch the peer's
 */
record RoundingErrors(Workload workload, double ours, double exact, double libtorch) {
  /** Computes a forward workload four times. */
  static RoundingErrors of(Workload workload, int threads) {
    double[] oracle;
    try (Backend backend = CpuBackend.scalar(threads)) {
      oracle = new OurSide(workload, backend, DType.FLOAT64).result().toDoubles();
    }
    double ours;
    double libtorch;
    try (Backend backend = CpuBackend.simd(threads);
        NDManager torch = Torch.open(threads)) {
      OurSide side = new OurSide(workload, backend);
      ours = error(side.result().toFloats(), oracle);
      Traced traced = Traced.forward(workload.network(), Context.Tokens::new);
      Function<String, float[]> values = name -> side.operand(name).toFloats();
      try (TorchPeer peer = TorchPeer.forward(torch, traced, values, ImageLayout.CHANNELS_LAST)) {
        libtorch = error(peer.results().get(0), oracle);
      }
    }
    try (Backend backend = CpuBackend.simd(threads, true)) {
      double exact = error(new OurSide(workload, backend).result().toFloats(), oracle);
      return new RoundingErrors(workload, ours, exact, libtorch);
    }
  }

  /** Ours over libtorch's. */
  double ratio() {
    return ours / libtorch;
  }

  private static double error(float[] actual, double[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      double d = actual[i] - expected[i];
      difference += d * d;
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }
}
