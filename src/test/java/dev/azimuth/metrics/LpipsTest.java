package dev.azimuth.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.random.TorchRandom;
import org.junit.jupiter.api.Test;

/** What holds of any weights; the reference's numbers are replayed. */
class LpipsTest {
  private static Tensor picture(Backend backend, long seed, int... dims) {
    Shape shape = Shape.of(dims);
    return Tensor.of(backend, shape, new TorchRandom(seed).rand(shape.size())).affine(2, -1);
  }

  @Test
  void aPictureIsNearItselfOnly() {
    try (Backend cpu = CpuBackend.simd(2)) {
      Parameters p = Parameters.initialized(cpu, DType.FLOAT32, new TorchRandom(1));
      Lpips lpips = new Lpips(p, LpipsBackbone.SQUEEZE);
      Tensor a = picture(cpu, 2, 2, 33, 38, 3);
      Tensor b = picture(cpu, 3, 2, 33, 38, 3);
      for (float same : lpips.forward(a, a).value().toFloats()) {
        assertEquals(0, same);
      }
      Lpips.Distance there = lpips.forward(a, b);
      float[] back = lpips.forward(b, a).value().toFloats();
      for (int n = 0; n < back.length; n++) {
        float value = there.value().toFloats()[n];
        assertTrue(value != 0);
        assertEquals(value, back[n], 1e-6 * Math.abs(value));
      }
      assertEquals(7, there.layers().size());
    }
  }

  @Test
  void picturesOfTwoSizesAreRefused() {
    try (Backend cpu = CpuBackend.simd(1)) {
      Parameters p = Parameters.initialized(cpu, DType.FLOAT32, new TorchRandom(1));
      Lpips lpips = new Lpips(p, LpipsBackbone.SQUEEZE);
      Tensor a = picture(cpu, 2, 1, 33, 38, 3);
      Tensor b = picture(cpu, 3, 1, 38, 33, 3);
      assertThrows(ShapeException.class, () -> lpips.forward(a, b));
    }
  }
}
