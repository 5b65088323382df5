package dev.azimuth.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Conv2dGeometry.Stride;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Convolutions 3×3 against the float64 oracle, with Winograd's algorithm and without. */
class WinogradTest {
  /** A convolution [n, h, w, ins] to outs with this padding on all sides. */
  record Case(int n, int h, int w, int ins, int outs, int padding) {}

  static Stream<Case> cases() {
    return Stream.of(
        new Case(2, 16, 16, 48, 64, 1), // F(4×4)
        new Case(1, 19, 14, 32, 16, 1), // tiles over both edges, half a panel
        new Case(1, 18, 18, 16, 48, 0),
        new Case(1, 33, 17, 16, 80, 2),
        new Case(6, 4, 4, 64, 32, 1), // F(2×2): too few tiles of 4×4
        new Case(7, 5, 3, 32, 48, 1),
        new Case(1, 4, 4, 32, 32, 1)); // neither
  }

  @ParameterizedTest
  @MethodSource("cases")
  void errorsAreBounded(Case c) {
    List<double[]> expected = results(c, CpuBackend.scalar(2), DType.FLOAT64);
    List<double[]> fast = results(c, CpuBackend.simd(2), DType.FLOAT32);
    List<double[]> exact = results(c, CpuBackend.simd(2, true), DType.FLOAT32);
    for (int i = 0; i < expected.size(); i++) {
      // sums of some hundred products: √k · 2⁻²⁴ and a little; F(4×4) has a bound of its own
      assertTrue(error(exact.get(i), expected.get(i)) <= 1e-6, "exact, result " + i);
      double error = error(fast.get(i), expected.get(i));
      assertTrue(error <= 1e-5, c + ", result " + i + ": " + error);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bitsDoNotDependOnThreads(Case c) {
    List<double[]> one = results(c, CpuBackend.simd(1), DType.FLOAT32);
    for (int threads = 2; threads <= 3; threads++) {
      List<double[]> more = results(c, CpuBackend.simd(threads), DType.FLOAT32);
      for (int i = 0; i < one.size(); i++) {
        assertArrayEquals(one.get(i), more.get(i));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void packedWeightsGiveTheSameBits(Case c) {
    try (Backend backend = CpuBackend.simd(2)) {
      Shape shape = Shape.of(c.outs, 3, 3, c.ins);
      float[] values = draw(2, shape.size());
      Tensor x = Tensor.of(backend, Shape.of(c.n, c.h, c.w, c.ins), draw(1, size(c)));
      Tensor variable = Tensor.of(backend, shape, values.clone());
      Buffer buffer = backend.weight(values.clone(), c.outs, 9 * c.ins);
      Tensor packed = new Tensor(backend, shape, buffer, null);
      float[] expected = convolve(c, x, variable, null).toFloats();
      assertArrayEquals(expected, convolve(c, x, packed, null).toFloats());
      assertArrayEquals(values, packed.toFloats(), "panels read back");
      assertArrayEquals(variable.mul(2).toFloats(), packed.mul(2).toFloats(), "other kernels");
      float[] others = draw(5, shape.size());
      backend.upload(others, buffer);
      assertArrayEquals(others, packed.toFloats(), "overwritten");
    }
  }

  private static int size(Case c) {
    return c.n * c.h * c.w * c.ins;
  }

  /** The result and its gradients in x, weight and bias; closes the backend. */
  private static List<double[]> results(Case c, Backend backend, DType dtype) {
    try (backend) {
      Tensor x = tensor(backend, dtype, 1, c.n, c.h, c.w, c.ins).tracked();
      Tensor weight = tensor(backend, dtype, 2, c.outs, 3, 3, c.ins).tracked();
      Tensor bias = tensor(backend, dtype, 3, c.outs).tracked();
      Tensor y = convolve(c, x, weight, bias);
      Tensor dy = tensor(backend, dtype, 4, y.shape().toArray());
      Gradients gradients = Gradients.of(y, dy);
      return List.of(
          y.toDoubles(),
          gradients.find(x).orElseThrow().toDoubles(),
          gradients.find(weight).orElseThrow().toDoubles(),
          gradients.find(bias).orElseThrow().toDoubles());
    }
  }

  private static Tensor convolve(Case c, Tensor x, Tensor weight, Tensor bias) {
    int p = c.padding;
    return x.conv2d(weight, bias, new Stride(1, 1), new Padding(p, p, p, p), 1);
  }

  private static float[] draw(int seed, int size) {
    return new TorchRandom(seed).randn(size);
  }

  private static Tensor tensor(Backend backend, DType dtype, int seed, int... dims) {
    Shape shape = Shape.of(dims);
    float[] values = draw(seed, shape.size());
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return Tensor.of(backend, dtype, shape, wide);
  }

  /** Root mean squares: |actual - expected| / |expected|. */
  private static double error(double[] actual, double[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }
}
