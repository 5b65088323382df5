package dev.azimuth.tensor.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;

/** Float64 tensors on the oracle, for tests of values. */
abstract class OpTensors {
  final Backend cpu = CpuBackend.scalar(1);

  @AfterEach
  void close() {
    cpu.close();
  }

  Tensor tensor(Shape shape, double... values) {
    return Tensor.of(cpu, DType.FLOAT64, shape, values);
  }

  Tensor vector(double... values) {
    return tensor(Shape.of(values.length), values);
  }

  Tensor scalar(double value) {
    return tensor(Shape.of(), value);
  }

  /** 0, 1, 2, ... */
  Tensor counted(int... dims) {
    Shape shape = Shape.of(dims);
    double[] values = new double[shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return tensor(shape, values);
  }

  Tensor random(long seed, int... dims) {
    Shape shape = Shape.of(dims);
    return tensor(shape, new SplittableRandom(seed).doubles(shape.size(), -1, 1).toArray());
  }

  static void assertTensor(Shape shape, double[] expected, Tensor got) {
    assertEquals(shape, got.shape());
    assertArrayEquals(expected, got.toDoubles(), 1e-12);
  }

  /** Equal but for rounding. */
  static void assertClose(Tensor expected, Tensor got) {
    assertTensor(expected.shape(), expected.toDoubles(), got);
  }
}
