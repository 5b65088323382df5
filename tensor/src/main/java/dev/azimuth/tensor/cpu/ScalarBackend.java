package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Buffer;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;

/**
 * The oracle: every kernel as the plainest loops that compute its formula, in double throughout,
 * with one rounding when an element is stored. What the other backends are held against.
 *
 * <p>It is never optimised beyond running independent outputs in parallel; each output's sum runs
 * in one fixed order, so results have the same bits on any number of threads.
 */
final class ScalarBackend implements Backend {
  private final WorkPool pool;

  /** Runs on the threads of {@code pool}, which {@link #close} closes. */
  ScalarBackend(WorkPool pool) {
    this.pool = pool;
  }

  @Override
  public String name() {
    return "cpu:scalar";
  }

  @Override
  public Buffer allocate(DType dtype, int size) {
    return switch (dtype) {
      case FLOAT32 -> new HostBuffer.Floats(new float[size]);
      case FLOAT64 -> new HostBuffer.Doubles(new double[size]);
    };
  }

  @Override
  public Buffer adopt(float[] values) {
    return new HostBuffer.Floats(values);
  }

  @Override
  public Buffer halved(float[] values) {
    return HostBuffer.Halves.of(values);
  }

  @Override
  public void upload(float[] values, Buffer buffer) {
    requireLength(values.length, buffer);
    switch ((HostBuffer) buffer) {
      case HostBuffer.Floats(float[] target) ->
          System.arraycopy(values, 0, target, 0, target.length);
      case HostBuffer.Doubles(double[] target) ->
          System.arraycopy(Elements.widened(values), 0, target, 0, target.length);
      case HostBuffer.Halves _ -> throw HostBuffer.Halves.written();
      case PackedWeight weight -> weight.replace(values);
    }
  }

  @Override
  public void upload(double[] values, Buffer buffer) {
    requireLength(values.length, buffer);
    switch ((HostBuffer) buffer) {
      case HostBuffer.Floats(float[] target) -> Elements.narrow(values, target);
      case HostBuffer.Doubles(double[] target) ->
          System.arraycopy(values, 0, target, 0, target.length);
      case HostBuffer.Halves _ -> throw HostBuffer.Halves.written();
      case PackedWeight weight -> {
        float[] narrow = new float[values.length];
        Elements.narrow(values, narrow);
        weight.replace(narrow);
      }
    }
  }

  private static void requireLength(int length, Buffer buffer) {
    if (length != buffer.size()) {
      throw new IllegalArgumentException(
          "upload: lengths must agree, %d values for a buffer of %d"
              .formatted(length, buffer.size()));
    }
  }

  @Override
  public float[] downloadFloats(Buffer buffer) {
    return switch ((HostBuffer) buffer) {
      case HostBuffer.Floats(float[] values) -> values.clone();
      case HostBuffer.Doubles(double[] values) -> {
        float[] narrow = new float[values.length];
        Elements.narrow(values, narrow);
        yield narrow;
      }
      case HostBuffer.Halves halves -> halves.widened();
      case PackedWeight weight -> weight.values();
    };
  }

  @Override
  public double[] downloadDoubles(Buffer buffer) {
    return switch ((HostBuffer) buffer) {
      case HostBuffer.Floats(float[] values) -> Elements.widened(values);
      case HostBuffer.Doubles(double[] values) -> values.clone();
      case HostBuffer.Halves halves -> Elements.widened(halves.widened());
      case PackedWeight weight -> Elements.widened(weight.values());
    };
  }

  @Override
  public void run(Kernel kernel) {
    switch (kernel) {
      case Kernel.Fill k -> ScalarElementwise.fill(k);
      case Kernel.Unary k -> ScalarElementwise.unary(pool, k);
      case Kernel.UnaryVjp k -> ScalarElementwise.unaryVjp(pool, k);
      case Kernel.Affine k -> ScalarElementwise.affine(pool, k);
      case Kernel.Clamp k -> ScalarElementwise.clamp(pool, k);
      case Kernel.ClampVjp k -> ScalarElementwise.clampVjp(pool, k);
      case Kernel.Binary k -> ScalarElementwise.binary(pool, k);
      case Kernel.Select k -> ScalarElementwise.select(pool, k);
      case Kernel.Geglu k -> ScalarElementwise.geglu(pool, k);
      case Kernel.GegluVjp k -> ScalarElementwise.gegluVjp(pool, k);

      case Kernel.Copy k -> ScalarIndexing.copy(k);
      case Kernel.Gather k -> ScalarIndexing.gather(k);
      case Kernel.GatherVjp k -> ScalarIndexing.gatherVjp(k);

      case Kernel.Reduce k -> ScalarReductions.reduce(pool, k);
      case Kernel.Softmax k -> ScalarReductions.softmax(pool, k);
      case Kernel.SoftmaxVjp k -> ScalarReductions.softmaxVjp(pool, k);
      case Kernel.LogSoftmax k -> ScalarReductions.logSoftmax(pool, k);
      case Kernel.LogSoftmaxVjp k -> ScalarReductions.logSoftmaxVjp(pool, k);

      case Kernel.Matmul k -> ScalarMatmul.matmul(pool, k);

      case Kernel.Conv2d k -> ScalarConvolution.conv2d(pool, k);
      case Kernel.Conv2dInputVjp k -> ScalarConvolution.inputVjp(pool, k);
      case Kernel.Conv2dWeightVjp k -> ScalarConvolution.weightVjp(pool, k);

      case Kernel.Resample k -> ScalarPooling.resample(pool, k);
      case Kernel.MaxPool2d k -> ScalarPooling.maxPool2d(pool, k);
      case Kernel.MaxPool2dVjp k -> ScalarPooling.maxPool2dVjp(pool, k);

      case Kernel.GroupNorm k -> ScalarNorms.groupNorm(pool, k);
      case Kernel.GroupNormVjp k -> ScalarNorms.groupNormVjp(pool, k);
      case Kernel.LayerNorm k -> ScalarNorms.layerNorm(pool, k);
      case Kernel.LayerNormVjp k -> ScalarNorms.layerNormVjp(pool, k);

      case Kernel.Attention k -> ScalarAttention.attention(pool, k);
      case Kernel.AttentionVjp k -> ScalarAttention.attentionVjp(pool, k);

      case Kernel.AdamW k -> ScalarUpdates.adamW(pool, k);
      case Kernel.Ema k -> ScalarUpdates.ema(pool, k);
    }
  }

  @Override
  public void synchronize() {
    // every kernel is done when run returns
  }

  @Override
  public void close() {
    pool.close();
  }
}
