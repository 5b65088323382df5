package dev.azimuth.kernels;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Scope;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.util.Set;
import java.util.logging.Logger;

/**
 * An NVIDIA GPU through our own kernels, over any {@link CudaDriver}.
 *
 * <p>It computes in float32; float64 buffers are stored, filled and copied only. Every sum has one
 * order, so the same inputs give the same bits. Kernels are queued and {@link #run} returns at
 * once; what fails on the device is reported by a later call. Any thread may use it, one at a time.
 *
 * <p>A buffer's memory is reused once its {@link Scope} closes, or nothing refers to it. Where the
 * device has no room left, {@link dev.azimuth.tensor.OutOfDeviceMemoryException} says what is held,
 * and everything else stays usable.
 */
public final class CudaBackend implements Backend {
  private static final Logger LOG = Logger.getLogger(CudaBackend.class.getName());

  private final String name;
  private final CudaDevice device;
  private final CudaOptions options;
  private boolean isClosed;

  /** A backend on the driver's device that computes by {@link CudaOptions#DEFAULT}. */
  public CudaBackend(String name, CudaDriver driver) {
    this(name, driver, CudaOptions.DEFAULT);
  }

  /**
   * A backend on the driver's device.
   *
   * @param name its name, such as {@code cuda:0}
   * @param driver taken over: {@link #close} closes it
   */
  public CudaBackend(String name, CudaDriver driver, CudaOptions options) {
    this(name, driver, options, Gemm.Probe.NONE);
  }

  /** The same with a library's matrix products, if there is one; it is taken over too. */
  CudaBackend(String name, CudaDriver driver, CudaOptions options, Gemm.Probe library) {
    this.name = name;
    this.options = options;
    device = new CudaDevice(name, driver, library);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public synchronized String description() {
    return name + ": " + device.description();
  }

  @Override
  public synchronized Buffer allocate(DType dtype, int size) {
    DeviceBuffer buffer = undefined(dtype, size, false);
    device.clear(buffer.pointer(), buffer.bytes());
    return buffer;
  }

  @Override
  public synchronized Tensor empty(Shape shape, DType dtype) {
    return new Tensor(this, shape, undefined(dtype, shape.size(), false), null);
  }

  private DeviceBuffer undefined(DType dtype, int size, boolean isHalved) {
    long bytes = DeviceBuffer.bytes(size, dtype, isHalved);
    DeviceMemory.Ownership memory = device.memory().owned(bytes);
    DeviceBuffer buffer = new DeviceBuffer(memory, size, dtype, isHalved);
    device.memory().own(buffer, memory);
    return buffer;
  }

  @Override
  public synchronized Buffer halved(float[] values) {
    DeviceBuffer buffer = undefined(DType.FLOAT32, values.length, true);
    device
        .staging()
        .upload(
            buffer.pointer(),
            values.length,
            Short.BYTES,
            (part, from, count) -> {
              for (int i = 0; i < count; i++) {
                short half = Float.floatToFloat16(values[from + i]);
                part.setAtIndex(ValueLayout.JAVA_SHORT, i, half);
              }
            });
    return buffer;
  }

  @Override
  public synchronized void upload(float[] values, Buffer buffer) {
    DeviceBuffer target = written(values.length, buffer);
    upload(
        target,
        switch (target.dtype()) {
          case FLOAT32 ->
              (part, from, count) ->
                  MemorySegment.copy(values, from, part, ValueLayout.JAVA_FLOAT, 0, count);
          case FLOAT64 ->
              (part, from, count) -> {
                for (int i = 0; i < count; i++) {
                  part.setAtIndex(ValueLayout.JAVA_DOUBLE, i, values[from + i]);
                }
              };
        });
  }

  @Override
  public synchronized void upload(double[] values, Buffer buffer) {
    DeviceBuffer target = written(values.length, buffer);
    upload(
        target,
        switch (target.dtype()) {
          case FLOAT32 ->
              (part, from, count) -> {
                for (int i = 0; i < count; i++) {
                  part.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) values[from + i]);
                }
              };
          case FLOAT64 ->
              (part, from, count) ->
                  MemorySegment.copy(values, from, part, ValueLayout.JAVA_DOUBLE, 0, count);
        });
  }

  private void upload(DeviceBuffer target, Staging.Part write) {
    device.staging().upload(target.pointer(), target.size(), target.dtype().bytes(), write);
  }

  private static DeviceBuffer written(int length, Buffer buffer) {
    if (length != buffer.size()) {
      throw new IllegalArgumentException(
          "upload: lengths must agree, %d values for a buffer of %d"
              .formatted(length, buffer.size()));
    }
    DeviceBuffer target = (DeviceBuffer) buffer;
    if (target.isHalved()) {
      throw Launch.halvesWritten();
    }
    return target;
  }

  @Override
  public synchronized float[] downloadFloats(Buffer buffer) {
    float[] values = new float[buffer.size()];
    DeviceBuffer source = (DeviceBuffer) buffer;
    download(
        source,
        (part, from, count) -> {
          if (!source.isHalved() && source.dtype() == DType.FLOAT32) {
            MemorySegment.copy(part, ValueLayout.JAVA_FLOAT, 0, values, from, count);
          } else {
            for (int i = 0; i < count; i++) {
              values[from + i] = (float) element(source, part, i);
            }
          }
        });
    return values;
  }

  @Override
  public synchronized double[] downloadDoubles(Buffer buffer) {
    double[] values = new double[buffer.size()];
    DeviceBuffer source = (DeviceBuffer) buffer;
    download(
        source,
        (part, from, count) -> {
          for (int i = 0; i < count; i++) {
            values[from + i] = element(source, part, i);
          }
        });
    return values;
  }

  private void download(DeviceBuffer source, Staging.Part read) {
    int bytes = source.isHalved() ? Short.BYTES : source.dtype().bytes();
    device.staging().download(source.pointer(), source.size(), bytes, read);
    Reference.reachabilityFence(source);
  }

  private static double element(DeviceBuffer source, MemorySegment part, int i) {
    if (source.isHalved()) {
      return Float.float16ToFloat(part.getAtIndex(ValueLayout.JAVA_SHORT, i));
    }
    return switch (source.dtype()) {
      case FLOAT32 -> part.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      case FLOAT64 -> part.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
    };
  }

  @Override
  public synchronized void run(Kernel kernel) {
    try (Launch cuda = new Launch(kernel.getClass().getSimpleName(), device, options)) {
      launch(cuda, kernel);
    } finally {
      // until here its buffers' memory is not for others, scratch least of all
      Reference.reachabilityFence(kernel);
    }
  }

  private static void launch(Launch cuda, Kernel kernel) {
    switch (kernel) {
      case Kernel.Fill k -> ElementwiseLauncher.fill(cuda, k);
      case Kernel.Unary k -> ElementwiseLauncher.unary(cuda, k);
      case Kernel.UnaryVjp k -> ElementwiseLauncher.unaryVjp(cuda, k);
      case Kernel.Affine k -> ElementwiseLauncher.affine(cuda, k);
      case Kernel.Clamp k -> ElementwiseLauncher.clamp(cuda, k);
      case Kernel.ClampVjp k -> ElementwiseLauncher.clampVjp(cuda, k);
      case Kernel.Select k -> ElementwiseLauncher.select(cuda, k);
      case Kernel.Geglu k -> ElementwiseLauncher.geglu(cuda, k);
      case Kernel.GegluVjp k -> ElementwiseLauncher.gegluVjp(cuda, k);
      case Kernel.Binary k -> BinaryLauncher.binary(cuda, k);

      case Kernel.Copy k -> CopyLauncher.copy(cuda, k);
      case Kernel.Gather k -> CopyLauncher.gather(cuda, k);
      case Kernel.GatherVjp k -> CopyLauncher.gatherVjp(cuda, k);

      case Kernel.Reduce k -> ReduceLauncher.reduce(cuda, k);
      case Kernel.Softmax k -> SoftmaxLauncher.softmax(cuda, k);
      case Kernel.SoftmaxVjp k -> SoftmaxLauncher.softmaxVjp(cuda, k);
      case Kernel.LogSoftmax k -> SoftmaxLauncher.logSoftmax(cuda, k);
      case Kernel.LogSoftmaxVjp k -> SoftmaxLauncher.logSoftmaxVjp(cuda, k);

      case Kernel.Matmul k -> MatmulLauncher.matmul(cuda, k);

      case Kernel.Conv2d k -> ConvolutionLauncher.conv2d(cuda, k);
      case Kernel.Conv2dInputVjp k -> ConvolutionLauncher.inputVjp(cuda, k);
      case Kernel.Conv2dWeightVjp k -> ConvolutionLauncher.weightVjp(cuda, k);

      case Kernel.Resample k -> ResampleLauncher.resample(cuda, k);
      case Kernel.MaxPool2d k -> ResampleLauncher.maxPool2d(cuda, k);
      case Kernel.MaxPool2dVjp k -> ResampleLauncher.maxPool2dVjp(cuda, k);

      case Kernel.GroupNorm k -> NormLauncher.groupNorm(cuda, k);
      case Kernel.GroupNormVjp k -> NormLauncher.groupNormVjp(cuda, k);
      case Kernel.LayerNorm k -> NormLauncher.layerNorm(cuda, k);
      case Kernel.LayerNormVjp k -> NormLauncher.layerNormVjp(cuda, k);

      case Kernel.Attention k -> AttentionLauncher.attention(cuda, k);
      case Kernel.AttentionVjp k -> AttentionLauncher.attentionVjp(cuda, k);

      case Kernel.AdamW k -> OptimizerLauncher.adamW(cuda, k);
      case Kernel.Ema k -> OptimizerLauncher.ema(cuda, k);
    }
  }

  @Override
  public synchronized Scope scope() {
    return new DeviceScope(device.memory().openScope());
  }

  private final class DeviceScope implements Scope {
    private final Set<DeviceMemory.Ownership> made;
    private boolean isClosed;

    DeviceScope(Set<DeviceMemory.Ownership> made) {
      this.made = made;
    }

    @Override
    public Tensor keep(Tensor x) {
      synchronized (CudaBackend.this) {
        device.memory().keep(made, ((DeviceBuffer) x.buffer()).memory());
        return x;
      }
    }

    @Override
    public void close() {
      synchronized (CudaBackend.this) {
        if (!isClosed) {
          device.memory().closeScope(made);
          isClosed = true;
        }
      }
    }
  }

  @Override
  public synchronized void synchronize() {
    device.synchronize();
  }

  /** Gives the device back; logs which buffers something still refers to, as nothing should. */
  @Override
  public synchronized void close() {
    if (isClosed) {
      return;
    }
    isClosed = true;
    String report = device.memory().report();
    int held = device.close();
    if (held > 0) {
      LOG.warning("%s closed with %d buffers still in use: %s".formatted(name, held, report));
    }
  }
}
