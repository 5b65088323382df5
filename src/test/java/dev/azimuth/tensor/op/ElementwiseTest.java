package dev.azimuth.tensor.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Broadcasting, ties, choices and masks. */
class ElementwiseTest extends OpTensors {
  @Test
  void bothOperandsBroadcast() {
    Tensor a = tensor(Shape.of(2, 1), 1, 2);
    Tensor b = tensor(Shape.of(3), 10, 20, 30);
    assertTensor(Shape.of(2, 3), new double[] {11, 21, 31, 12, 22, 32}, a.add(b));
    assertTensor(Shape.of(2, 3), new double[] {-9, -19, -29, -8, -18, -28}, a.sub(b));
    assertTensor(Shape.of(2, 3), new double[] {10, 20, 30, 20, 40, 60}, a.mul(b));
    assertTensor(Shape.of(2, 3), new double[] {10, 20, 30, 5, 10, 15}, b.div(a));
    assertTensor(
        Shape.of(1, 2, 1), new double[] {4, 5}, tensor(Shape.of(1, 2, 1), 1, 2).add(scalar(3)));
  }

  @Test
  void gradientsAreSummedOverWhatWasRepeated() {
    Tensor a = tensor(Shape.of(2, 1), 1, 2).tracked();
    Tensor b = tensor(Shape.of(3), 10, 20, 30).tracked();
    Tensor dy = tensor(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
    Gradients g = Gradients.of(a.mul(b), dy);
    assertTensor(Shape.of(2, 1), new double[] {10 + 40 + 90, 40 + 100 + 180}, g.get(a));
    assertTensor(Shape.of(3), new double[] {1 + 8, 2 + 10, 3 + 12}, g.get(b));
  }

  @Test
  void sumToReducesRunsOfAxes() {
    Tensor dy = counted(2, 3, 2, 2);
    assertTensor(Shape.of(2), new double[] {132, 144}, Broadcasting.sumTo(dy, Shape.of(2)));
    assertTensor(
        Shape.of(3, 1, 2),
        new double[] {28, 32, 44, 48, 60, 64},
        Broadcasting.sumTo(dy, Shape.of(3, 1, 2)));
    assertTensor(
        Shape.of(2, 1, 2, 1),
        new double[] {27, 39, 99, 111},
        Broadcasting.sumTo(dy, Shape.of(2, 1, 2, 1)));
    assertTensor(Shape.of(), new double[] {276}, Broadcasting.sumTo(dy, Shape.of()));
  }

  @Test
  void tiesShareTheGradient() {
    Tensor a = vector(1, 2, 3).tracked();
    Tensor b = vector(2, 2, 2).tracked();
    Tensor dy = vector(10, 20, 30);
    Gradients larger = Gradients.of(a.maximum(b), dy);
    assertTensor(Shape.of(3), new double[] {0, 10, 30}, larger.get(a));
    assertTensor(Shape.of(3), new double[] {10, 10, 0}, larger.get(b));
    Gradients smaller = Gradients.of(a.minimum(b), dy);
    assertTensor(Shape.of(3), new double[] {10, 10, 0}, smaller.get(a));
    assertTensor(Shape.of(3), new double[] {0, 10, 30}, smaller.get(b));
  }

  @Test
  void tiesOfAReducedMaximumShareTheGradient() {
    Tensor x = tensor(Shape.of(2, 3), 5, 1, 5, 2, 7, 3).tracked();
    Gradients g = Gradients.of(x.max(1), vector(6, 8));
    assertTensor(Shape.of(2, 3), new double[] {3, 0, 3, 0, 8, 0}, g.get(x));
  }

  @Test
  void comparisonsAreOneOrZeroAndHaveNoGradient() {
    Tensor a = vector(1, 2, 3).tracked();
    Tensor two = scalar(2);
    assertArrayEquals(new double[] {1, 0, 0}, a.compare(BinaryFunction.LESS, two).toDoubles());
    assertArrayEquals(
        new double[] {1, 1, 0}, a.compare(BinaryFunction.LESS_OR_EQUAL, two).toDoubles());
    assertArrayEquals(new double[] {0, 1, 0}, a.compare(BinaryFunction.EQUAL, two).toDoubles());
    assertArrayEquals(new double[] {1, 0, 1}, a.compare(BinaryFunction.NOT_EQUAL, two).toDoubles());
    assertFalse(Gradients.of(a.compare(BinaryFunction.GREATER, two).sum()).has(a));
  }

  @Test
  void whereChoosesAndSendsTheGradientToTheChosen() {
    Tensor condition = tensor(Shape.of(2, 1), 0, -3);
    Tensor a = vector(1, 2).tracked();
    Tensor b = scalar(9).tracked();
    Tensor y = a.where(condition, b);
    assertTensor(Shape.of(2, 2), new double[] {9, 9, 1, 2}, y);
    Gradients g = Gradients.of(y, tensor(Shape.of(2, 2), 1, 2, 3, 4));
    assertTensor(Shape.of(2), new double[] {3, 4}, g.get(a));
    assertTensor(Shape.of(), new double[] {3}, g.get(b));
  }

  @Test
  void whereKeepsNaNsOfTheOtherChoiceOut() {
    Tensor a = vector(Double.NaN, 1).tracked();
    Tensor y = a.where(vector(0, 1), scalar(5));
    assertArrayEquals(new double[] {5, 1}, y.toDoubles());
    assertArrayEquals(new double[] {0, 1}, Gradients.of(y.sum()).get(a).toDoubles());
  }

  @Test
  void clampLetsTheBorderThrough() {
    Tensor x = vector(-2, -1, 0, 1, 2).tracked();
    Tensor y = x.clamp(-1, 1);
    assertArrayEquals(new double[] {-1, -1, 0, 1, 1}, y.toDoubles());
    assertArrayEquals(new double[] {0, 1, 1, 1, 0}, Gradients.of(y.sum()).get(x).toDoubles());
  }

  /** The JDK's SplittableRandom is SplitMix64. */
  @Test
  void dropoutFollowsTheSeed() {
    double[] ones = new double[1000];
    Arrays.fill(ones, 1);
    double[] expected =
        new SplittableRandom(42).doubles(1000).map(u -> u < 0.3 ? 0 : 1 / 0.7).toArray();
    Tensor x = vector(ones).tracked();
    Tensor y = x.dropout(0.3, 42);
    assertArrayEquals(expected, y.toDoubles());
    assertArrayEquals(expected, Gradients.of(y.sum()).get(x).toDoubles());
    assertFalse(Arrays.equals(expected, x.dropout(0.3, 43).toDoubles()));
    assertArrayEquals(ones, x.dropout(0, 42).toDoubles());
    assertArrayEquals(new double[1000], x.dropout(1, 42).toDoubles());
  }

  @Test
  void dropoutIsTheSameOnEveryBackendAndNumberOfThreads() {
    float[] first = dropout(CpuBackend.scalar(1));
    assertArrayEquals(first, dropout(CpuBackend.scalar(2)));
    assertArrayEquals(first, dropout(CpuBackend.simd(2)));
    double kept = 0;
    for (float v : first) {
      kept += v == 0 ? 0 : 1;
    }
    // five standard deviations of a binomial
    assertEquals(0.9 * first.length, kept, 5 * Math.sqrt(0.09 * first.length));
  }

  private static float[] dropout(Backend open) {
    try (Backend backend = open) {
      float[] ones = new float[100_003];
      Arrays.fill(ones, 1);
      return Tensor.of(backend, Shape.of(ones.length), ones).dropout(0.1, -5).toFloats();
    }
  }

  @Test
  void gegluIsTheProductOfItsHalves() {
    Tensor x = random(4, 3, 10);
    assertClose(x.slice(1, 0, 5).mul(x.slice(1, 5, 10).gelu()), x.geglu());
  }

  @Test
  void sumsAndDifferencesKeepNoOperands() {
    var saved = new Arithmetic(BinaryFunction.ADD).forward(vector(1), vector(2)).saved();
    assertTrue(saved.operands() == null);
  }
}
