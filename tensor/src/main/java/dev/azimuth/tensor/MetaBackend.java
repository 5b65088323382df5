package dev.azimuth.tensor;

/**
 * A backend without memory: its tensors have shapes and types and no elements, so that networks of
 * any size can be built to learn what they consist of.
 */
public final class MetaBackend implements Backend {
  private record Absent(DType dtype, int size) implements Buffer {}

  @Override
  public String name() {
    return "meta";
  }

  @Override
  public Buffer allocate(DType dtype, int size) {
    return new Absent(dtype, size);
  }

  @Override
  public Buffer halved(float[] values) {
    return new Absent(DType.FLOAT32, values.length);
  }

  @Override
  public void upload(float[] values, Buffer buffer) {
    throw noElements();
  }

  @Override
  public void upload(double[] values, Buffer buffer) {
    throw noElements();
  }

  @Override
  public float[] downloadFloats(Buffer buffer) {
    throw noElements();
  }

  @Override
  public double[] downloadDoubles(Buffer buffer) {
    throw noElements();
  }

  @Override
  public void run(Kernel kernel) {
    throw noElements();
  }

  @Override
  public void synchronize() {
    // nothing runs
  }

  @Override
  public void close() {
    // nothing is held
  }

  private static UnsupportedOperationException noElements() {
    return new UnsupportedOperationException("meta: a tensor here has no elements");
  }
}
