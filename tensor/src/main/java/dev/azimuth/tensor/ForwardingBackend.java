package dev.azimuth.tensor;

/** Passes everything on to another backend: a base for those that watch what is computed. */
public abstract class ForwardingBackend implements Backend {
  private final Backend backend;

  /** Passes on to {@code backend}, which {@link #close} closes. */
  protected ForwardingBackend(Backend backend) {
    this.backend = backend;
  }

  @Override
  public void run(Kernel kernel) {
    backend.run(kernel);
  }

  @Override
  public String name() {
    return backend.name();
  }

  @Override
  public String description() {
    return backend.description();
  }

  @Override
  public Buffer allocate(DType dtype, int size) {
    return backend.allocate(dtype, size);
  }

  @Override
  public Buffer adopt(float[] values) {
    return backend.adopt(values);
  }

  @Override
  public Buffer weight(float[] values, int n, int k) {
    return backend.weight(values, n, k);
  }

  @Override
  public Buffer halved(float[] values) {
    return backend.halved(values);
  }

  @Override
  public void upload(float[] values, Buffer buffer) {
    backend.upload(values, buffer);
  }

  @Override
  public void upload(double[] values, Buffer buffer) {
    backend.upload(values, buffer);
  }

  @Override
  public float[] downloadFloats(Buffer buffer) {
    return backend.downloadFloats(buffer);
  }

  @Override
  public double[] downloadDoubles(Buffer buffer) {
    return backend.downloadDoubles(buffer);
  }

  @Override
  public void synchronize() {
    backend.synchronize();
  }

  @Override
  public void close() {
    backend.close();
  }

  @Override
  public Scope scope() {
    return backend.scope();
  }
}
