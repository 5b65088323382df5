package dev.azimuth.nn.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.nn.optim.AdamW.Group;
import dev.azimuth.nn.optim.AdamW.Settings;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdamWTest {
  private final Backend cpu = CpuBackend.scalar(1);

  @AfterEach
  void close() {
    cpu.close();
  }

  private Tensor vector(double... values) {
    return Tensor.of(cpu, DType.FLOAT64, Shape.of(values.length), values);
  }

  private AdamW adamW(Settings settings, Map<String, Tensor> parameters) {
    return new AdamW(settings, List.of(Group.of(parameters)));
  }

  @Test
  void zeroGradientsDecayAndAbsentOnesDoNot() {
    Tensor zero = vector(1, -2);
    Tensor absent = vector(1, -2);
    Map<String, Tensor> parameters = Map.of("zero", zero, "absent", absent);
    AdamW optimizer = adamW(new Settings(0.01, 0.9, 0.999, 1e-8, 0.1), parameters);
    int steps = 50;
    for (int i = 0; i < steps; i++) {
      optimizer.step(Map.of("zero", vector(0, 0)), 1);
    }
    double factor = Math.pow(1 - 0.01 * 0.1, steps);
    assertArrayEquals(new double[] {factor, -2 * factor}, zero.toDoubles(), 1e-14);
    assertArrayEquals(new double[] {1, -2}, absent.toDoubles());
    assertEquals(
        List.of("exp_avg.zero", "exp_avg_sq.zero", "step.zero"),
        List.copyOf(optimizer.state().sequencedKeySet()));
  }

  @Test
  void aConstantGradientMovesByTheLearningRate() {
    // m / (1 - beta1^t) = g and v / (1 - beta2^t) = g²: each step is lr whatever g's size
    Tensor p = vector(0, 0, 0);
    AdamW optimizer = adamW(new Settings(0.1, 0.9, 0.999, 0, 0), Map.of("p", p));
    for (int i = 0; i < 20; i++) {
      optimizer.step(Map.of("p", vector(3, -1e-3, 1e6)), 1);
    }
    assertArrayEquals(new double[] {-2, 2, -2}, p.toDoubles(), 1e-12);
  }

  @Test
  void factorAndMultiplierScaleTheLearningRate() {
    Tensor slow = vector(0);
    Tensor fast = vector(0);
    Group one = new Group(new LinkedHashMap<>(Map.of("slow", slow)), 1);
    Group ten = new Group(new LinkedHashMap<>(Map.of("fast", fast)), 10);
    AdamW optimizer = new AdamW(new Settings(0.1, 0.9, 0.999, 0, 0), List.of(one, ten));
    optimizer.step(Map.of("slow", vector(1), "fast", vector(1)), 0.5);
    assertEquals(-0.05, slow.item(), 1e-15);
    assertEquals(-0.5, fast.item(), 1e-15);
    assertEquals(0.05, optimizer.learningRate(one, 0.5), 1e-15);
    assertEquals(0.5, optimizer.learningRate(ten, 0.5), 1e-15);
  }

  @Test
  void takesGradientsOfTrackedLeaves() {
    Tensor used = vector(1, 2).tracked();
    Tensor unused = vector(5).tracked();
    AdamW optimizer =
        adamW(Settings.of(0.1).withWeightDecay(0), Map.of("used", used, "unused", unused));
    for (int i = 0; i < 300; i++) {
      optimizer.step(Gradients.of(used.sub(vector(-1, 3)).square().sum()), 1);
    }
    assertArrayEquals(new double[] {-1, 3}, used.toDoubles(), 1e-2);
    assertEquals(5, unused.item());
  }

  @ParameterizedTest
  @ValueSource(strings = {"FLOAT32", "FLOAT64"})
  void goesOnFromItsStateBitForBit(DType dtype) {
    SequencedMap<String, Tensor> undisturbed = parameters(dtype);
    AdamW whole = adamW(Settings.of(0.01), undisturbed);
    SequencedMap<String, Tensor> stopped = parameters(dtype);
    AdamW first = adamW(Settings.of(0.01), stopped);
    for (int i = 0; i < 3; i++) {
      whole.step(gradients(dtype, i), 1);
      first.step(gradients(dtype, i), 1);
    }
    AdamW second = adamW(Settings.of(0.01), stopped);
    second.restore(first.state());
    // the copy is the second's own
    first.step(gradients(dtype, 99), 0);
    for (int i = 3; i < 6; i++) {
      whole.step(gradients(dtype, i), 1);
      second.step(gradients(dtype, i), 1);
    }
    // the first went on at learning rate 0 and changed no parameter
    undisturbed.forEach(
        (name, p) -> assertArrayEquals(p.toDoubles(), stopped.get(name).toDoubles(), 0.0, name));
    whole
        .state()
        .forEach(
            (name, s) ->
                assertArrayEquals(s.toDoubles(), second.state().get(name).toDoubles(), name));
  }

  private SequencedMap<String, Tensor> parameters(DType dtype) {
    SequencedMap<String, Tensor> parameters = new LinkedHashMap<>();
    parameters.put("a", normal(dtype, 100, 5));
    parameters.put("late", normal(dtype, 101, 3));
    parameters.put("never", normal(dtype, 102, 2));
    return parameters;
  }

  /** Gradients of step i; {@code late} has one from step 2 on, {@code never} has none. */
  private Map<String, Tensor> gradients(DType dtype, int i) {
    return i < 2
        ? Map.of("a", normal(dtype, i, 5))
        : Map.of("a", normal(dtype, i, 5), "late", normal(dtype, i, 3));
  }

  private Tensor normal(DType dtype, long seed, int size) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] values = new double[size];
    Arrays.setAll(values, i -> random.nextGaussian());
    return Tensor.of(cpu, dtype, Shape.of(size), values);
  }

  @Test
  void stateThatDoesNotFitIsRefusedWhole() {
    Tensor p = vector(1, 2);
    AdamW optimizer = adamW(Settings.of(0.01), Map.of("p", p));
    optimizer.step(Map.of("p", vector(1, 1)), 1);
    double[] before = optimizer.state().get("exp_avg.p").toDoubles();
    Map<String, Tensor> state =
        Map.of("exp_avg.p", vector(1, 2, 3), "step.p", vector(1.5), "exp_avg.q", vector(1));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> optimizer.restore(state));
    assertTrue(e.getMessage().contains("missing [exp_avg_sq.p]"), e.getMessage());
    assertTrue(e.getMessage().contains("unexpected [exp_avg.q]"), e.getMessage());
    assertTrue(
        e.getMessage().contains("[exp_avg.p [3] instead of [2], step.p = 1.5"), e.getMessage());
    assertArrayEquals(before, optimizer.state().get("exp_avg.p").toDoubles());
  }

  @Test
  void restoringNothingStartsAnew() {
    AdamW optimizer = adamW(Settings.of(0.01), Map.of("p", vector(1)));
    optimizer.step(Map.of("p", vector(1)), 1);
    optimizer.restore(Map.of());
    assertTrue(optimizer.state().isEmpty());
  }

  @Test
  void wrongArgumentsAreNamed() {
    assertThrows(IllegalArgumentException.class, () -> Settings.of(-1));
    assertThrows(IllegalArgumentException.class, () -> Settings.of(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new Settings(0.1, 1, 0.999, 1e-8, 0));
    Tensor p = vector(1, 2);
    assertThrows(
        IllegalArgumentException.class, () -> adamW(Settings.of(0.1), Map.of("p", p, "q", p)));
    AdamW optimizer = adamW(Settings.of(0.1), Map.of("p", p));
    assertThrows(ShapeException.class, () -> optimizer.step(Map.of("p", vector(1)), 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> optimizer.step(Map.of("p", Tensor.of(cpu, Shape.of(2), 1, 2)), 1));
    assertThrows(
        IllegalArgumentException.class, () -> optimizer.step(Map.of("typo", vector(1, 2)), 1));
    assertArrayEquals(new double[] {1, 2}, p.toDoubles());
  }
}
