package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Tensor;

/** A tensor's elements in a Java array, as all CPU backends keep them. */
@SuppressWarnings("ArrayRecordComponent") // a buffer is its array; buffers are never compared
sealed interface HostBuffer extends Buffer {

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

  /** The array of a float32 tensor on a CPU backend. */
  static float[] floats(Tensor x) {
    return ((Floats) x.buffer()).values();
  }

  /** The array of a float64 tensor on a CPU backend. */
  static double[] doubles(Tensor x) {
    return ((Doubles) x.buffer()).values();
  }
}
