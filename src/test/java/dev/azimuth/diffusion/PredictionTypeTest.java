package dev.azimuth.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.random.TorchRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PredictionTypeTest {
  private static final NoiseSchedule SCHEDULE = new NoiseSchedule(NoiseSchedule.Config.PUBLISHED);

  /** Whoever knows v and x_t knows ε and x_0: v = √ᾱ ε - √(1-ᾱ) x_0, inverted. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 400, 999})
  void theVelocityTellsTheNoise(int t) {
    try (Backend cpu = CpuBackend.scalar(1)) {
      Tensor start = normal(cpu, 1);
      Tensor noise = normal(cpu, 2);
      Tensor v = SCHEDULE.velocity(start, noise, t);
      double alpha = SCHEDULE.alphasCumprodExact(t);
      double[] expected =
          noise.mul(Math.sqrt(alpha)).sub(start.mul(Math.sqrt(1 - alpha))).toDoubles();
      // the schedule rounds its factors to float32
      assertArrayEquals(expected, v.toDoubles(), 1e-6);
      Tensor x = SCHEDULE.addNoise(start, noise, t);
      NoisePredictor predictor =
          NoisePredictor.of(PredictionType.V_PREDICTION, (_, _) -> v, SCHEDULE);
      assertArrayEquals(noise.toDoubles(), predictor.predict(x, t).toDoubles(), 1e-6);
    }
  }

  @Test
  void noiseIsItsOwnPrediction() {
    try (Backend cpu = CpuBackend.scalar(1)) {
      Tensor noise = normal(cpu, 2);
      NoisePredictor predictor =
          NoisePredictor.of(PredictionType.EPSILON, (_, _) -> noise, SCHEDULE);
      assertSame(noise, predictor.predict(normal(cpu, 1), 400));
    }
  }

  private static Tensor normal(Backend cpu, long seed) {
    float[] drawn = new TorchRandom(seed).randn(24);
    double[] values = new double[drawn.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = drawn[i];
    }
    return Tensor.of(cpu, DType.FLOAT64, Shape.of(1, 2, 3, 4), values);
  }
}
