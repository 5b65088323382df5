package dev.azimuth.nn.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EmaTest {
  private final Backend cpu = CpuBackend.scalar(1);

  @AfterEach
  void close() {
    cpu.close();
  }

  private Tensor vector(double... values) {
    return Tensor.of(cpu, DType.FLOAT64, Shape.of(values.length), values);
  }

  private void set(Tensor parameter, double... values) {
    cpu.upload(values, parameter.buffer());
  }

  @Test
  void averagesWithAConstantDecay() {
    Tensor p = vector(1, 0).tracked();
    Ema ema = new Ema(0.75, false, Map.of("p", p));
    set(p, 5, 4);
    assertArrayEquals(new double[] {1, 0}, ema.shadows().get("p").toDoubles());
    ema.update();
    assertArrayEquals(new double[] {2, 1}, ema.shadows().get("p").toDoubles(), 1e-15);
    assertArrayEquals(new double[] {5, 4}, p.toDoubles());
    assertNull(ema.shadows().get("p").history());
  }

  @Test
  void warmUpForgetsTheStartUntilTheDecayIsReached() {
    Tensor p = vector(1);
    Ema ema = new Ema(0.3, true, Map.of("p", p));
    set(p, 0);
    double expected = 1;
    for (int n = 1; n <= 6; n++) {
      ema.update();
      expected *= Math.min(0.3, (1.0 + n) / (10 + n));
      assertEquals(expected, ema.shadows().get("p").item(), 1e-15);
    }
    assertEquals(6, ema.updates());
  }

  @Test
  void goesOnFromItsStateBitForBit() {
    Tensor p = vector(0.1, -0.7);
    Ema whole = Ema.of(Map.of("p", p));
    Ema first = Ema.of(Map.of("p", p));
    set(p, 0.3, 0.9);
    whole.update();
    first.update();
    Ema second = Ema.of(Map.of("p", p));
    second.restore(first.state());
    first.update();
    set(p, -1.1, 0.2);
    whole.update();
    second.update();
    assertEquals(2, second.updates());
    assertArrayEquals(whole.shadows().get("p").toDoubles(), second.shadows().get("p").toDoubles());
  }

  @Test
  void stateThatDoesNotFitIsRefusedWhole() {
    Ema ema = Ema.of(Map.of("p", vector(1, 2)));
    assertThrows(
        IllegalArgumentException.class, () -> ema.restore(Map.of("shadow.p", vector(3, 4))));
    assertThrows(
        IllegalArgumentException.class,
        () -> ema.restore(Map.of("shadow.p", vector(3, 4), "num_updates", vector(-1))));
    assertThrows(
        IllegalArgumentException.class,
        () -> ema.restore(Map.of("shadow.p", vector(3), "num_updates", vector(1))));
    assertArrayEquals(new double[] {1, 2}, ema.shadows().get("p").toDoubles());
  }

  @Test
  void decayIsAProportion() {
    assertThrows(IllegalArgumentException.class, () -> new Ema(1.5, false, Map.of()));
    assertThrows(IllegalArgumentException.class, () -> new Ema(Double.NaN, false, Map.of()));
  }
}
