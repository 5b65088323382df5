package dev.azimuth.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.op.CustomOp;
import dev.azimuth.tensor.op.Op;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GradientsTest {
  private final Backend cpu = CpuBackend.scalar(1);

  @AfterEach
  void close() {
    cpu.close();
  }

  private Tensor vector(double... values) {
    return Tensor.of(cpu, DType.FLOAT64, Shape.of(values.length), values);
  }

  @Test
  void untrackedInputsRecordNothing() {
    Tensor x = vector(1, 2);
    assertNull(x.mul(x).sum().history());
    assertNull(x.tracked().detached().silu().history());
    assertThrows(IllegalArgumentException.class, () -> Gradients.of(x.sum()));
  }

  @Test
  void aResultOfTrackedInputsIsNoLeaf() {
    Tensor x = vector(1, 2).tracked();
    Tensor y = x.square();
    assertFalse(y.history().isLeaf());
    Gradients g = Gradients.of(y.sum());
    assertThrows(NoSuchElementException.class, () -> g.get(y));
  }

  @Test
  void productRule() {
    Tensor a = vector(1, 2, 3).tracked();
    Tensor b = vector(4, 5, 6).tracked();
    Gradients g = Gradients.of(a.mul(b).sum());
    assertArrayEquals(b.toDoubles(), g.get(a).toDoubles());
    assertArrayEquals(a.toDoubles(), g.get(b).toDoubles());
    assertNull(g.get(a).history());
  }

  @Test
  void aSharedLeafCollectsFromAllUses() {
    Tensor x = vector(3, -2).tracked();
    Gradients g = Gradients.of(x.mul(x).add(x).sum());
    assertArrayEquals(new double[] {7, -3}, g.get(x).toDoubles());
  }

  @Test
  void diamondsOfDifferentDepths() {
    // y = (2x) + (2x)^2 with the middle shared by a short and a long path
    Tensor x = vector(1.5).tracked();
    Tensor middle = x.mul(2);
    Tensor y = middle.add(middle.mul(1).mul(1).square());
    assertArrayEquals(new double[] {2 + 8 * 1.5}, Gradients.of(y).get(x).toDoubles());
  }

  @Test
  void stackedDiamondsAreWalkedOnce() {
    // 2^200 paths: only a walk that visits each operation once comes to an end
    Tensor x = vector(1).tracked();
    Tensor y = x;
    for (int i = 0; i < 200; i++) {
      y = y.add(y).mul(0.5);
    }
    assertArrayEquals(new double[] {1}, Gradients.of(y).get(x).toDoubles());
  }

  @Test
  void tenThousandOperationsDeep() {
    Tensor x = vector(1).tracked();
    Tensor y = x;
    for (int i = 0; i < 10_000; i++) {
      y = y.add(1);
    }
    assertArrayEquals(new double[] {1}, Gradients.of(y).get(x).toDoubles());
  }

  @Test
  void absentIsNotZero() {
    Tensor used = vector(1, 2).tracked();
    Tensor unused = vector(1, 2).tracked();
    Tensor timesZero = vector(1, 2).tracked();
    Gradients g = Gradients.of(used.add(timesZero.mul(0)).sum());
    assertFalse(g.has(unused));
    assertEquals(Optional.empty(), g.find(unused));
    assertThrows(NoSuchElementException.class, () -> g.get(unused));
    assertTrue(g.has(timesZero));
    assertArrayEquals(new double[2], g.get(timesZero).toDoubles());
  }

  @Test
  void comparisonsPassNoGradient() {
    Tensor a = vector(1, 2).tracked();
    Tensor b = vector(2, 1).tracked();
    Gradients g = Gradients.of(a.compare(BinaryFunction.LESS, b).mul(a).sum());
    assertArrayEquals(new double[] {1, 0}, g.get(a).toDoubles());
    assertFalse(g.has(b));
  }

  @Test
  void untrackedTensorsHaveNone() {
    Tensor x = vector(1).tracked();
    Gradients g = Gradients.of(x.square());
    assertFalse(g.has(x.detached()));
    assertThrows(NoSuchElementException.class, () -> g.get(x.detached()));
  }

  @Test
  void aLeafCanBeItsOwnLoss() {
    Tensor x = vector(5).tracked();
    assertArrayEquals(new double[] {1}, Gradients.of(x).get(x).toDoubles());
  }

  @Test
  void aLossHasOneElement() {
    Tensor x = vector(1, 2).tracked();
    ShapeException e = assertThrows(ShapeException.class, () -> Gradients.of(x.square()));
    assertEquals(List.of(Shape.of(2)), e.shapes());
    assertThrows(ShapeException.class, () -> Gradients.of(x.square(), vector(1, 2, 3)));
  }

  @Test
  void severalOutputsAtOnce() {
    Tensor x = vector(2, 3).tracked();
    Tensor y = x.square();
    Tensor z = y.mul(10);
    Tensor constant = vector(1);
    Gradients g =
        Gradients.of(List.of(y, z, constant), List.of(vector(1, 0), vector(0, 1), vector(1)));
    assertArrayEquals(new double[] {4, 60}, g.get(x).toDoubles());
    assertThrows(
        IllegalArgumentException.class, () -> Gradients.of(List.of(y, z), List.of(vector(1, 0))));
  }

  @Test
  void namedKeepsOrderAndLeavesOutTheAbsent() {
    Tensor a = vector(1).tracked();
    Tensor b = vector(2).tracked();
    Tensor c = vector(3).tracked();
    Map<String, Tensor> leaves = new LinkedHashMap<>();
    leaves.put("c", c);
    leaves.put("b", b);
    leaves.put("a", a);
    assertEquals(
        List.of("c", "a"), List.copyOf(Gradients.of(a.mul(c)).named(leaves).sequencedKeySet()));
  }

  @Test
  void takingGradientsTwiceGivesTheSame() {
    Tensor x = vector(0.3, -0.7).tracked();
    Tensor loss = x.silu().mul(x).sum();
    assertArrayEquals(Gradients.of(loss).get(x).toDoubles(), Gradients.of(loss).get(x).toDoubles());
  }

  /** An operation whose gradients are of the wrong shape or number. */
  private record Wrong(List<Tensor> gradients) implements CustomOp<String> {
    @Override
    public Op.Result<String> forward(List<Tensor> inputs) {
      return new Op.Result<>(inputs.get(0).mul(1), "");
    }

    @Override
    public List<@Nullable Tensor> vjp(String saved, Tensor dy, Op.Wanted wanted) {
      return List.copyOf(gradients);
    }
  }

  @Test
  void wrongGradientsOfAUsersOpAreRefused() {
    Tensor x = vector(1, 2).tracked();
    Tensor shape = Tensor.apply(new Wrong(List.of(vector(1, 2, 3))), x);
    assertThrows(ShapeException.class, () -> Gradients.of(shape.sum()));
    Tensor number = Tensor.apply(new Wrong(List.of()), x);
    assertThrows(IllegalStateException.class, () -> Gradients.of(number.sum()));
  }
}
