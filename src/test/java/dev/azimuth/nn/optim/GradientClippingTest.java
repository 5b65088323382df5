package dev.azimuth.nn.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GradientClippingTest {
  private final Backend cpu = CpuBackend.scalar(1);
  private final SequencedMap<String, Tensor> gradients = new LinkedHashMap<>();

  @AfterEach
  void close() {
    cpu.close();
  }

  private Tensor vector(double... values) {
    return Tensor.of(cpu, DType.FLOAT64, Shape.of(values.length), values);
  }

  @Test
  void longGradientsAreScaledTogether() {
    gradients.put("b", vector(3, 0));
    gradients.put("a", vector(-4));
    GradientClipping clipped = GradientClipping.byNorm(gradients, 1);
    assertEquals(5, clipped.norm(), 1e-15);
    double factor = 1 / (5 + 1e-6);
    assertArrayEquals(
        new double[] {3 * factor, 0}, clipped.gradients().get("b").toDoubles(), 1e-15);
    assertArrayEquals(new double[] {-4 * factor}, clipped.gradients().get("a").toDoubles(), 1e-15);
    assertEquals(List.of("b", "a"), List.copyOf(clipped.gradients().sequencedKeySet()));
    assertArrayEquals(new double[] {3, 0}, gradients.get("b").toDoubles());
  }

  @Test
  void shortGradientsPassAsTheyAre() {
    gradients.put("a", vector(3, 4));
    GradientClipping clipped = GradientClipping.byNorm(gradients, 5.1);
    assertSame(gradients.get("a"), clipped.gradients().get("a"));
  }

  @Test
  void absentGradientsAndNumbersOutOfRangeShowInTheNorm() {
    assertEquals(0, GradientClipping.byNorm(gradients, 1).norm());
    gradients.put("a", vector(1, Double.NaN));
    assertTrue(Double.isNaN(GradientClipping.byNorm(gradients, 1).norm()));
    assertThrows(IllegalArgumentException.class, () -> GradientClipping.byNorm(gradients, 0));
  }
}
