package dev.azimuth.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.History;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CheckpointTest {
  private final Backend cpu = CpuBackend.scalar(1);
  private final SplittableRandom random = new SplittableRandom(7);

  private final Tensor x = normal(5, 8).tracked();
  private final Tensor w1 = normal(16, 8).tracked();
  private final Tensor b1 = normal(16).tracked();
  private final Tensor w2 = normal(8, 16).tracked();
  private final List<Tensor> parameters = List.of(w1, b1, w2);

  @AfterEach
  void close() {
    cpu.close();
  }

  private Tensor normal(int... dims) {
    Shape shape = Shape.of(dims);
    float[] values = new float[shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(cpu, shape, values);
  }

  private Tensor block(Tensor in) {
    return in.linear(w1, b1).gelu().linear(w2, null).add(in);
  }

  @Test
  void sameBitsAsThePlainComputation() {
    Tensor plain = block(block(x));
    Tensor recomputed =
        Checkpoint.of(this::block, Checkpoint.of(this::block, x, parameters), parameters);
    assertArrayEquals(plain.toFloats(), recomputed.toFloats());
    Gradients expected = Gradients.of(plain.square().mean());
    Gradients got = Gradients.of(recomputed.square().mean());
    for (Tensor leaf : List.of(x, w1, b1, w2)) {
      assertArrayEquals(expected.get(leaf).toFloats(), got.get(leaf).toFloats());
    }
  }

  @Test
  void nestedPartsGiveTheSameBits() {
    Tensor plain = block(block(x));
    Tensor nested =
        Checkpoint.of(outer -> block(Checkpoint.of(this::block, outer, parameters)), x, parameters);
    assertArrayEquals(
        Gradients.of(plain.sum()).get(w1).toFloats(),
        Gradients.of(nested.sum()).get(w1).toFloats());
  }

  @Test
  void keepsNothingBetweenInputAndOutput() {
    AtomicInteger calls = new AtomicInteger();
    Tensor y =
        Checkpoint.of(
            in -> {
              calls.incrementAndGet();
              return block(in);
            },
            x,
            parameters);
    assertEquals(1, calls.get());
    assertTrue(
        y.history().inputs().stream().allMatch(History::isLeaf), "one operation on leaves only");
    Gradients.of(y.sum());
    assertEquals(2, calls.get());
  }

  @Test
  void untrackedInputsGetNoGradientAndParametersDo() {
    Tensor fixed = x.detached();
    Gradients expected = Gradients.of(block(fixed).sum());
    Gradients got = Gradients.of(Checkpoint.of(this::block, fixed, parameters).sum());
    assertArrayEquals(expected.get(w1).toFloats(), got.get(w1).toFloats());
    assertFalse(got.has(fixed));
  }

  @Test
  void withNothingTrackedNothingIsRecorded() {
    Tensor w = w1.detached();
    Tensor y = Checkpoint.of(in -> in.linear(w, null), x.detached(), List.of(w));
    assertNull(y.history());
  }

  @Test
  void unusedOperandsStayAbsent() {
    Tensor other = normal(3).tracked();
    Tensor second = normal(5, 8).tracked();
    Tensor y = Checkpoint.of(in -> in.get(0).mul(2), List.of(x, second), List.of(other));
    Gradients g = Gradients.of(y.sum());
    assertTrue(g.has(x));
    assertFalse(g.has(second));
    assertFalse(g.has(other));
  }

  @Test
  void aParameterGivenTwiceCountsOnce() {
    Tensor y = Checkpoint.of(this::block, x, List.of(w1, b1, w2, w1));
    assertArrayEquals(
        Gradients.of(block(x).sum()).get(w1).toFloats(), Gradients.of(y.sum()).get(w1).toFloats());
  }

  @Test
  void aForgottenParameterIsRefused() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> Checkpoint.of(this::block, x, List.of(w1, b1)));
    assertTrue(e.getMessage().contains("[8, 16]"), e.getMessage());
  }

  @Test
  void aParameterThatIsAResultIsRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> Checkpoint.of(this::block, x, List.of(w1, b1, w2.mul(1))));
    assertThrows(
        IllegalArgumentException.class,
        () -> Checkpoint.of(in -> in.get(0), List.of(), List.of(w1)));
  }

  @Test
  void gradientsPassTheCheck() {
    GradCheck.of(
            in -> Checkpoint.of(x -> x.get(0).mul(x.get(1)).silu(), in, List.of()),
            x.detached(),
            normal(5, 8))
        .check();
  }
}
