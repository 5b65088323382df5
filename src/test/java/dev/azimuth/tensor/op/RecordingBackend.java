package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import java.util.ArrayList;
import java.util.List;

/** Passes everything on, and keeps the kernels that were run. */
final class RecordingBackend implements Backend {
  private final Backend inner;
  private final List<Kernel> kernels = new ArrayList<>();

  RecordingBackend(Backend inner) {
    this.inner = inner;
  }

  /** How many kernels of a type were run. */
  long count(Class<? extends Kernel> type) {
    return kernels.stream().filter(type::isInstance).count();
  }

  @Override
  public String name() {
    return inner.name();
  }

  @Override
  public Buffer allocate(DType dtype, int size) {
    return inner.allocate(dtype, size);
  }

  @Override
  public Buffer halved(float[] values) {
    return inner.halved(values);
  }

  @Override
  public void upload(float[] values, Buffer buffer) {
    inner.upload(values, buffer);
  }

  @Override
  public void upload(double[] values, Buffer buffer) {
    inner.upload(values, buffer);
  }

  @Override
  public float[] downloadFloats(Buffer buffer) {
    return inner.downloadFloats(buffer);
  }

  @Override
  public double[] downloadDoubles(Buffer buffer) {
    return inner.downloadDoubles(buffer);
  }

  @Override
  public void run(Kernel kernel) {
    kernels.add(kernel);
    inner.run(kernel);
  }

  @Override
  public void synchronize() {
    inner.synchronize();
  }

  @Override
  public void close() {
    inner.close();
  }
}
