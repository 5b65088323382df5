package dev.azimuth.tensor.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Reduction;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Products, convolutions, norms and attention against their definitions, and frozen weights. */
class LayersTest extends OpTensors {
  @ParameterizedTest
  @CsvSource({"false,false", "true,false", "false,true", "true,true"})
  void matmulTransposesAndBroadcasts(boolean transposeA, boolean transposeB) {
    Tensor a = random(1, 3, 1, 2, 4);
    Tensor b = random(2, 5, 4, 3);
    Tensor expected = a.reshape(3, 1, 2, 4, 1).mul(b.reshape(1, 5, 1, 4, 3)).sum(3);
    Tensor storedA = transposeA ? a.transpose(-1, -2) : a;
    Tensor storedB = transposeB ? b.transpose(-1, -2) : b;
    assertClose(expected, storedA.matmul(storedB, transposeA, transposeB));
  }

  @Test
  void matmulStacksRowsOverOneSharedMatrix() {
    Tensor a = random(1, 4, 2, 3);
    Tensor b = random(2, 3, 5);
    Tensor expected = a.reshape(8, 3).matmul(b).reshape(4, 2, 5);
    assertClose(expected, a.matmul(b));
    Tensor leaf = b.tracked();
    Gradients g = Gradients.of(a.matmul(leaf), counted(4, 2, 5));
    assertClose(a.reshape(8, 3).matmul(counted(8, 5), true, false), g.get(leaf));
  }

  @Test
  void linearIsAMatmulWithTheTransposedWeight() {
    Tensor x = random(1, 2, 3, 7);
    Tensor weight = random(2, 4, 7);
    Tensor bias = random(3, 4);
    assertClose(x.matmul(weight, false, true).add(bias), x.linear(weight, bias));
    Tensor vector = random(4, 7);
    assertClose(vector.reshape(1, 7).linear(weight, bias).reshape(4), vector.linear(weight, bias));
  }

  static Stream<Arguments> convolutions() {
    return Stream.of(
        arguments(Stride.of(1), Padding.of(1), 1),
        arguments(Stride.of(2), new Padding(0, 1, 0, 1), 1),
        arguments(new Stride(1, 3), new Padding(2, 0, 1, 2), 2),
        arguments(new Stride(3, 2), new Padding(0, 3, 2, 0), 4));
  }

  @ParameterizedTest
  @MethodSource("convolutions")
  void conv2dFollowsItsDefinition(Stride stride, Padding padding, int groups) {
    Tensor x = random(1, 2, 5, 6, 4);
    Tensor weight = random(2, 8, 3, 2, 4 / groups);
    Tensor bias = random(3, 8);
    assertClose(
        naive(x, weight, bias, stride, padding, groups),
        x.conv2d(weight, bias, stride, padding, groups));
  }

  private Tensor naive(
      Tensor x, Tensor weight, Tensor bias, Stride stride, Padding padding, int groups) {
    int height = (5 + padding.top() + padding.bottom() - 3) / stride.vertical() + 1;
    int width = (6 + padding.left() + padding.right() - 2) / stride.horizontal() + 1;
    double[] y = new double[2 * height * width * 8];
    int at = 0;
    for (int n = 0; n < 2; n++) {
      for (int i = 0; i < height; i++) {
        for (int j = 0; j < width; j++) {
          for (int o = 0; o < 8; o++) {
            int top = i * stride.vertical() - padding.top();
            int left = j * stride.horizontal() - padding.left();
            y[at++] = bias.toDoubles()[o] + window(x, weight, n, top, left, o, groups);
          }
        }
      }
    }
    return tensor(Shape.of(2, height, width, 8), y);
  }

  private static double window(
      Tensor x, Tensor weight, int n, int top, int left, int o, int groups) {
    double[] xs = x.toDoubles();
    double[] ws = weight.toDoubles();
    int perGroup = 4 / groups;
    int firstChannel = o / (8 / groups) * perGroup;
    double sum = 0;
    for (int u = 0; u < 3; u++) {
      for (int v = 0; v < 2; v++) {
        if (top + u < 0 || top + u >= 5 || left + v < 0 || left + v >= 6) {
          continue;
        }
        for (int c = 0; c < perGroup; c++) {
          int pixel = (n * 5 + top + u) * 6 + left + v;
          sum += xs[pixel * 4 + firstChannel + c] * ws[((o * 3 + u) * 2 + v) * perGroup + c];
        }
      }
    }
    return sum;
  }

  @Test
  void groupNormFollowsItsDefinition() {
    Tensor x = random(1, 2, 3, 5, 6);
    Tensor weight = random(2, 6);
    Tensor bias = random(3, 6);
    Tensor grouped = x.reshape(2, 15, 3, 2);
    Tensor normed =
        grouped
            .sub(grouped.reduce(Reduction.MEAN, true, 1, 3))
            .div(grouped.variance(0, true, 1, 3).add(0.1).sqrt())
            .reshape(2, 3, 5, 6);
    Tensor expected = normed.mul(weight).add(bias);
    assertClose(expected, x.groupNorm(3, weight, bias, 0.1, false));
    assertClose(expected.silu(), x.groupNorm(3, weight, bias, 0.1, true));
  }

  @Test
  void layerNormFollowsItsDefinition() {
    Tensor x = random(1, 4, 9);
    Tensor weight = random(2, 9);
    Tensor bias = random(3, 9);
    Tensor normed =
        x.sub(x.reduce(Reduction.MEAN, true, 1)).div(x.variance(0, true, 1).add(0.1).sqrt());
    assertClose(normed.mul(weight).add(bias), x.layerNorm(weight, bias, 0.1));
  }

  @Test
  void batchNormUsesTheGivenStatistics() {
    Tensor x = tensor(Shape.of(2, 2), 1, 10, 3, 20);
    Tensor y = x.batchNorm(vector(2, 10), vector(4, 25), vector(1, 2), vector(0, 5), 0);
    assertTensor(Shape.of(2, 2), new double[] {-0.5, 5, 0.5, 9}, y);
  }

  @ParameterizedTest
  @CsvSource({"1,false", "3,false", "3,true"})
  void attentionFollowsItsDefinition(int heads, boolean causal) {
    Tensor q = random(1, 2, 4, 6);
    Tensor k = random(2, 2, 5, 6);
    Tensor v = random(3, 2, 5, 6);
    Tensor scores = perHead(q, heads).matmul(perHead(k, heads), false, true).mul(0.7);
    if (causal) {
      Tensor later = counted(5).compare(BinaryFunction.GREATER, counted(4).reshape(4, 1));
      scores = scalar(Double.NEGATIVE_INFINITY).where(later, scores);
    }
    Tensor expected = scores.softmax(-1).matmul(perHead(v, heads)).transpose(1, 2).reshape(2, 4, 6);
    assertClose(expected, q.attention(k, v, heads, 0.7, causal));
  }

  private static Tensor perHead(Tensor x, int heads) {
    return x.reshape(2, x.shape().dim(1), heads, 6 / heads).transpose(1, 2);
  }

  static Stream<Arguments> backends() {
    return Stream.of(
        arguments(CpuBackend.scalar(2), DType.FLOAT64),
        arguments(CpuBackend.scalar(2), DType.FLOAT32),
        arguments(CpuBackend.simd(2), DType.FLOAT64),
        arguments(CpuBackend.simd(2), DType.FLOAT32));
  }

  /** The theorem: over one token softmax is 1, so that queries and keys get exact zeros. */
  @ParameterizedTest
  @MethodSource("backends")
  void attentionOverOneTokenIgnoresQueriesAndKeys(Backend open, DType dtype) {
    try (Backend backend = open) {
      Tensor q = random(1, 2, 37, 24).to(backend, dtype).tracked();
      Tensor k = random(2, 2, 1, 24).mul(50).to(backend, dtype).tracked();
      Tensor v = random(3, 2, 1, 24).to(backend, dtype).tracked();
      Tensor y = q.attention(k, v, 3, 0.35, false);
      assertArrayEquals(v.detached().expand(2, 37, 24).toDoubles(), y.toDoubles());
      Gradients g = Gradients.of(y, random(4, 2, 37, 24).to(backend, dtype));
      assertArrayEquals(new double[2 * 37 * 24], g.get(q).mul(g.get(q)).toDoubles());
      assertArrayEquals(new double[2 * 24], g.get(k).mul(g.get(k)).toDoubles());
    }
  }

  @Test
  void gradientsThatNobodyWantsArentComputed() {
    RecordingBackend backend = new RecordingBackend(cpu);
    Tensor x = Tensor.full(backend, DType.FLOAT64, Shape.of(1, 4, 4, 2), 1);
    Tensor weight = Tensor.full(backend, DType.FLOAT64, Shape.of(3, 3, 3, 2), 1);
    Tensor bias = Tensor.full(backend, DType.FLOAT64, Shape.of(3), 1);
    Tensor frozen = x.tracked().conv2d(weight, bias, Stride.of(1), Padding.of(0), 1);
    Gradients.of(frozen, frozen.detached());
    assertEquals(0, backend.count(Kernel.Conv2dWeightVjp.class));
    assertEquals(0, backend.count(Kernel.Reduce.class));
    assertEquals(1, backend.count(Kernel.Conv2dInputVjp.class));
    Tensor first = x.conv2d(weight.tracked(), bias, Stride.of(1), Padding.of(0), 1);
    Gradients.of(first, first.detached());
    assertEquals(1, backend.count(Kernel.Conv2dWeightVjp.class));
    assertEquals(1, backend.count(Kernel.Conv2dInputVjp.class));
  }

  @Test
  void linearComputesOnlyWantedProducts() {
    RecordingBackend backend = new RecordingBackend(cpu);
    Tensor x = Tensor.full(backend, DType.FLOAT64, Shape.of(5, 4), 1);
    Tensor weight = Tensor.full(backend, DType.FLOAT64, Shape.of(3, 4), 1);
    Tensor bias = Tensor.full(backend, DType.FLOAT64, Shape.of(3), 1).tracked();
    Tensor y = x.linear(weight, bias);
    Gradients g = Gradients.of(y, y.detached());
    assertEquals(1, backend.count(Kernel.Matmul.class), "the value alone");
    assertArrayEquals(new double[] {25, 25, 25}, g.get(bias).toDoubles());
    assertEquals(1, backend.count(Kernel.Reduce.class));
  }
}
