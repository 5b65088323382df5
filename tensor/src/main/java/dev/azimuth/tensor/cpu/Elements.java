package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Tensor;

/** Tensors of either type as arrays of doubles, so that the oracle writes each kernel once. */
final class Elements {
  private Elements() {}

  /** The elements of {@code x} to be read: its own array if it is float64, else a copy. */
  static double[] of(Tensor x) {
    return switch ((HostBuffer) x.buffer()) {
      case HostBuffer.Floats(float[] values) -> widened(values);
      case HostBuffer.Doubles(double[] values) -> values;
      case HostBuffer.Halves halves -> widened(halves.widened());
      case PackedWeight weight -> widened(weight.values());
    };
  }

  /** Overwrites the elements of {@code y}, each rounded once to its type. */
  static void store(double[] values, Tensor y) {
    switch ((HostBuffer) y.buffer()) {
      case HostBuffer.Floats(float[] target) -> narrow(values, target);
      case HostBuffer.Doubles(double[] target) ->
          System.arraycopy(values, 0, target, 0, target.length);
      case HostBuffer.Halves _ -> throw HostBuffer.Halves.written();
      case PackedWeight _ ->
          throw new UnsupportedOperationException("weights are for reading only");
    }
  }

  static double[] widened(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  static void narrow(double[] values, float[] target) {
    for (int i = 0; i < target.length; i++) {
      target[i] = (float) values[i];
    }
  }
}
