package dev.azimuth.tensor;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The float64 oracle with every element of every kernel's outputs moved, up or down at random, by
 * all that {@link Tolerances} allows a float32 kernel, and every constant that float32 doesn't hold
 * by its rounding.
 */
final class PerturbedOracle implements Backend {
  private final SplittableRandom random;

  PerturbedOracle(long seed) {
    random = new SplittableRandom(seed);
  }

  @Override
  public String name() {
    return "perturbed";
  }

  @Override
  public Buffer allocate(DType dtype, int size) {
    return Draw.ORACLE.allocate(dtype, size);
  }

  @Override
  public Buffer halved(float[] values) {
    return Draw.ORACLE.halved(values);
  }

  @Override
  public void upload(float[] values, Buffer buffer) {
    Draw.ORACLE.upload(values, buffer);
  }

  @Override
  public void upload(double[] values, Buffer buffer) {
    double[] rounded = values.clone();
    for (int i = 0; i < rounded.length; i++) {
      if ((float) rounded[i] != rounded[i]) {
        rounded[i] += sign() * Tolerances.U * rounded[i];
      }
    }
    Draw.ORACLE.upload(rounded, buffer);
  }

  @Override
  public float[] downloadFloats(Buffer buffer) {
    return Draw.ORACLE.downloadFloats(buffer);
  }

  @Override
  public double[] downloadDoubles(Buffer buffer) {
    return Draw.ORACLE.downloadDoubles(buffer);
  }

  @Override
  public void run(Kernel kernel) {
    Kernel given =
        KernelOperands.isInPlace(kernel)
            ? KernelOperands.on(Draw.ORACLE, DType.FLOAT64, kernel)
            : kernel;
    Draw.ORACLE.run(kernel);
    Map<String, double[]> tolerances = Tolerances.of(given, kernel);
    List<String> outputs = KernelOperands.outputs(kernel);
    KernelOperands.of(kernel)
        .forEach(
            (name, x) -> {
              if (outputs.contains(name)) {
                Draw.ORACLE.upload(moved(x.toDoubles(), tolerances.get(name)), x.buffer());
              }
            });
  }

  private double[] moved(double[] exact, double[] tolerance) {
    double[] moved = new double[exact.length];
    Arrays.setAll(moved, i -> exact[i] + sign() * tolerance[i]);
    return moved;
  }

  private int sign() {
    return random.nextBoolean() ? 1 : -1;
  }

  @Override
  public void synchronize() {
    // kernels are done when run returns
  }

  @Override
  public void close() {
    // the oracle is everybody's
  }
}
