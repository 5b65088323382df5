package dev.azimuth.tensor;

import dev.azimuth.tensor.cpu.CpuBackend;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import java.util.function.DoubleUnaryOperator;

/** Draws operands for kernels: float64 tensors on the oracle whose values are exact in float32. */
final class Draw {
  /** The backend that everything is held against. */
  static final Backend ORACLE = CpuBackend.scalar(1);

  private final SplittableRandom random;

  Draw(long seed) {
    random = new SplittableRandom(seed);
  }

  /** From {@code low} to {@code high}, both included. */
  int integer(int low, int high) {
    return random.nextInt(low, high + 1);
  }

  boolean coin() {
    return random.nextBoolean();
  }

  @SafeVarargs
  final <T> T one(T... choices) {
    return choices[random.nextInt(choices.length)];
  }

  /** Standard normal values. */
  Tensor normal(int... dims) {
    return filled(random::nextGaussian, dims);
  }

  /** Normal values with this mean and standard deviation. */
  Tensor normalAround(double mean, double deviation, int... dims) {
    return filled(() -> mean + deviation * random.nextGaussian(), dims);
  }

  /** Evenly from {@code low} to {@code high}. */
  Tensor uniform(double low, double high, int... dims) {
    return filled(() -> random.nextDouble(low, high), dims);
  }

  /** Small integers, so that many are equal. */
  Tensor tied(int... dims) {
    return filled(() -> random.nextInt(-2, 3), dims);
  }

  /** Indices below {@code bound}. */
  int[] indices(int count, int bound) {
    return random.ints(count, 0, bound).toArray();
  }

  private static Tensor filled(DoubleSupplier value, int... dims) {
    Shape shape = Shape.of(dims);
    double[] values = new double[shape.size()];
    Arrays.setAll(values, _ -> (float) value.getAsDouble());
    return Tensor.of(ORACLE, DType.FLOAT64, shape, values);
  }

  /** These values, rounded to float32. */
  static Tensor of(Shape shape, double... values) {
    return Tensor.of(
        ORACLE, DType.FLOAT64, shape, Arrays.stream(values).map(v -> (float) v).toArray());
  }

  /** f of each element, rounded to float32. */
  static Tensor mapped(DoubleUnaryOperator f, Tensor x) {
    return of(x.shape(), Arrays.stream(x.toDoubles()).map(f).toArray());
  }

  /** An output to be written. */
  static Tensor empty(int... dims) {
    return ORACLE.empty(Shape.of(dims), DType.FLOAT64);
  }

  static Tensor emptyLike(Tensor x) {
    return ORACLE.empty(x.shape(), DType.FLOAT64);
  }

  /** Runs a kernel on the oracle and returns {@code output} rounded to float32. */
  static Tensor after(Kernel kernel, Tensor output) {
    ORACLE.run(kernel);
    return mapped(v -> v, output);
  }
}
