package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.MAP_THREADS;
import static dev.azimuth.kernels.Launch.params;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Taps;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Launches resample.cu: one thread for each element of the result. */
final class ResampleLauncher {
  private static final KernelSpec RESAMPLE = spec("resample_f32", 8, 6);
  private static final KernelSpec MAX_POOL = spec("max_pool_f32", 2, 12);
  private static final KernelSpec MAX_POOL_VJP = spec("max_pool_vjp_f32", 3, 12);

  static final List<KernelSpec> SPECS = List.of(RESAMPLE, MAX_POOL, MAX_POOL_VJP);

  private ResampleLauncher() {}

  private static KernelSpec spec(String entry, int pointers, int integers) {
    return new KernelSpec("resample.ptx", entry, MAP_THREADS, params(pointers, integers));
  }

  /** Where a map's parts are on the device. */
  private record DeviceTaps(DevicePointer start, DevicePointer index, DevicePointer weight) {
    static DeviceTaps of(Launch cuda, Taps taps) {
      int entries = taps.start(taps.outputs());
      return new DeviceTaps(
          cuda.upload(values(taps.outputs() + 1, taps::start)),
          cuda.upload(values(entries, taps::index)),
          cuda.upload(values(entries, e -> Float.floatToRawIntBits(taps.weight(e)))));
    }

    private static int[] values(int count, IntUnaryOperator value) {
      return IntStream.range(0, count).map(value).toArray();
    }
  }

  static void resample(Launch cuda, Kernel.Resample k) {
    int size = k.y().shape().size();
    DeviceTaps rows = DeviceTaps.of(cuda, k.rows());
    DeviceTaps columns = DeviceTaps.of(cuda, k.columns());
    cuda.map(
        RESAMPLE,
        size,
        cuda.in(k.x()),
        cuda.out(k.y()),
        rows.start,
        rows.index,
        rows.weight,
        columns.start,
        columns.index,
        columns.weight,
        size,
        k.rows().inputs(),
        k.columns().inputs(),
        k.rows().outputs(),
        k.columns().outputs(),
        k.x().shape().dim(3));
  }

  static void maxPool2d(Launch cuda, Kernel.MaxPool2d k) {
    Conv2dGeometry g = k.geometry();
    int size = k.y().shape().size();
    cuda.map(
        MAX_POOL,
        size,
        cuda.in(k.x()),
        cuda.out(k.y()),
        size,
        g.height(),
        g.width(),
        g.inChannels(),
        g.outHeight(),
        g.outWidth(),
        g.kernelHeight(),
        g.kernelWidth(),
        g.stride().vertical(),
        g.stride().horizontal(),
        g.padding().top(),
        g.padding().left());
  }

  static void maxPool2dVjp(Launch cuda, Kernel.MaxPool2dVjp k) {
    Conv2dGeometry g = k.geometry();
    int size = k.dx().shape().size();
    cuda.map(
        MAX_POOL_VJP,
        size,
        cuda.in(k.x()),
        cuda.in(k.dy()),
        cuda.out(k.dx()),
        size,
        g.height(),
        g.width(),
        g.inChannels(),
        g.outHeight(),
        g.outWidth(),
        g.kernelHeight(),
        g.kernelWidth(),
        g.stride().vertical(),
        g.stride().horizontal(),
        g.padding().top(),
        g.padding().left());
  }
}
