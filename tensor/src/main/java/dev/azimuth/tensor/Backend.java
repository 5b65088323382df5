package dev.azimuth.tensor;

/**
 * A device that stores tensors and runs kernels.
 *
 * <p>Everything it can compute is a {@link Kernel}, so tracing, timing and comparing with the
 * oracle are decorators of {@link #run}. Kernels run in the order given; {@link #downloadDoubles}
 * sees the results of all before it.
 */
public interface Backend extends AutoCloseable {
  /** Short name for messages and reports, such as {@code cpu:simd}. */
  String name();

  /** What it computes on, for people. */
  default String description() {
    return name();
  }

  /** Storage for {@code size} elements, all zero. */
  Buffer allocate(DType dtype, int size);

  /** Storage of these float32 values; the caller gives the array up. */
  default Buffer adopt(float[] values) {
    Buffer buffer = allocate(DType.FLOAT32, values.length);
    upload(values, buffer);
    return buffer;
  }

  /**
   * Storage, for reading only, of a weight [n, k], row by row, that inputs are multiplied by, such
   * as a linear layer's or a convolution's with all but the first axis joined; the caller gives the
   * array up. A backend may keep it in the order in which its products read it.
   */
  default Buffer weight(float[] values, int n, int k) {
    return adopt(values);
  }

  /**
   * Storage, for reading only, of float32 values rounded to half precision: half the memory, and
   * kernels widen it whenever they read it.
   */
  Buffer halved(float[] values);

  /** Copies {@code values}, converted to the buffer's type, into it; lengths must agree. */
  void upload(float[] values, Buffer buffer);

  /** Copies {@code values}, converted to the buffer's type, into it; lengths must agree. */
  void upload(double[] values, Buffer buffer);

  /** A copy of a float32 or float64 buffer's elements, rounded to float32. */
  float[] downloadFloats(Buffer buffer);

  /** A copy of a buffer's elements as float64. */
  double[] downloadDoubles(Buffer buffer);

  /** Computes a kernel; its outputs are overwritten. */
  void run(Kernel kernel);

  /** Owns the device memory of what is made until it closes; backends on Java's own need none. */
  default Scope scope() {
    return Scope.NONE;
  }

  /** Waits until all kernels given so far are done. */
  void synchronize();

  /** Gives back threads and memory; the backend's tensors are unusable afterwards. */
  @Override
  void close();

  /** A tensor whose elements the caller will overwrite. */
  default Tensor empty(Shape shape, DType dtype) {
    return new Tensor(this, shape, allocate(dtype, shape.size()), null);
  }
}
