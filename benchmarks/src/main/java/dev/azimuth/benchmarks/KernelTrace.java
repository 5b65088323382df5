package dev.azimuth.benchmarks;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.MetaBackend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A backend without memory that notes the kernels it is given and the elements uploaded to it. */
final class KernelTrace implements Backend {
  private final MetaBackend meta = new MetaBackend();
  private final List<Kernel> kernels = new ArrayList<>();
  private final List<Constant> constants = new ArrayList<>();

  /** Elements that were uploaded, as the vector {@code tensor}. */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  record Constant(Tensor tensor, float[] values) {}

  /** What ran so far, in order. */
  List<Kernel> kernels() {
    return kernels;
  }

  /** What was uploaded so far, in order. */
  List<Constant> constants() {
    return constants;
  }

  @Override
  public String name() {
    return "trace";
  }

  @Override
  public Buffer allocate(DType dtype, int size) {
    return new Slot(meta.allocate(dtype, size));
  }

  @Override
  public Buffer halved(float[] values) {
    Buffer buffer = allocate(DType.FLOAT32, values.length);
    upload(values, buffer);
    return buffer;
  }

  @Override
  public void upload(float[] values, Buffer buffer) {
    Tensor tensor = new Tensor(this, Shape.of(values.length), buffer, null);
    constants.add(new Constant(tensor, values));
  }

  @Override
  public void upload(double[] values, Buffer buffer) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = (float) values[i];
    }
    upload(rounded, buffer);
  }

  @Override
  public float[] downloadFloats(Buffer buffer) {
    return meta.downloadFloats(buffer);
  }

  @Override
  public double[] downloadDoubles(Buffer buffer) {
    return meta.downloadDoubles(buffer);
  }

  @Override
  public void run(Kernel kernel) {
    kernels.add(kernel);
  }

  @Override
  public void synchronize() {
    // nothing runs
  }

  @Override
  public void close() {
    // nothing is held
  }

  /** A buffer that is equal to itself alone. */
  private static final class Slot implements Buffer {
    private final Buffer outline;

    Slot(Buffer outline) {
      this.outline = outline;
    }

    @Override
    public int size() {
      return outline.size();
    }

    @Override
    public DType dtype() {
      return outline.dtype();
    }
  }
}
