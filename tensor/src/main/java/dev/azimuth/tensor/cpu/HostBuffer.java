package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Tensor;

/** A tensor's elements in a Java array, as all CPU backends keep them. */
@SuppressWarnings("ArrayRecordComponent") // a buffer is its array; buffers are never compared
sealed interface HostBuffer extends Buffer
    permits HostBuffer.Floats, HostBuffer.Doubles, HostBuffer.Halves, PackedWeight {

  /** float32 elements. */
  record Floats(float[] values) implements HostBuffer {
    @Override
    public int size() {
      return values.length;
    }

    @Override
    public DType dtype() {
      return DType.FLOAT32;
    }
  }

  /** float64 elements. */
  record Doubles(double[] values) implements HostBuffer {
    @Override
    public int size() {
      return values.length;
    }

    @Override
    public DType dtype() {
      return DType.FLOAT64;
    }
  }

  /** float32 elements at rest in half precision, to be read only. */
  record Halves(short[] values) implements HostBuffer {
    static Halves of(float[] values) {
      short[] halves = new short[values.length];
      for (int i = 0; i < halves.length; i++) {
        halves[i] = Float.floatToFloat16(values[i]);
      }
      return new Halves(halves);
    }

    @Override
    public int size() {
      return values.length;
    }

    @Override
    public DType dtype() {
      return DType.FLOAT32;
    }

    /** Why such a buffer isn't overwritten. */
    static UnsupportedOperationException written() {
      return new UnsupportedOperationException(
          "weights at rest in half precision are for reading only");
    }

    float[] widened() {
      float[] wide = new float[values.length];
      for (int i = 0; i < wide.length; i++) {
        wide[i] = Float.float16ToFloat(values[i]);
      }
      return wide;
    }
  }

  /**
   * The array of a float32 tensor on a CPU backend; a copy of weights that rest in another form.
   */
  static float[] floats(Tensor x) {
    return switch (x.buffer()) {
      case Floats(float[] values) -> values;
      case Halves halves -> halves.widened();
      case PackedWeight weight -> weight.values();
      case Buffer other -> throw new ClassCastException(other + " isn't float32 on the CPU");
    };
  }

  /** The matrix [n, k] that x is, transposed, as a right factor. */
  static RightFactor transposed(Tensor x, int n, int k) {
    return x.buffer() instanceof PackedWeight weight
        ? weight.transposed(n, k)
        : new Factor.ColumnMajor(floats(x), 0, k);
  }

  /** The array of a float64 tensor on a CPU backend. */
  static double[] doubles(Tensor x) {
    return ((Doubles) x.buffer()).values();
  }
}
