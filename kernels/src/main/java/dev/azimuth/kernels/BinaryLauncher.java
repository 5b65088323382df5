package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.MAP_THREADS;
import static dev.azimuth.kernels.Launch.params;
import static java.util.Objects.requireNonNull;

import dev.azimuth.tensor.BinaryFunction;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Launches binary.cu: one thread for each element of the result, operands broadcast. */
final class BinaryLauncher {
  private static final Map<BinaryFunction, KernelSpec> BINARY = binary();

  static final List<KernelSpec> SPECS = List.copyOf(BINARY.values());

  private BinaryLauncher() {}

  private static Map<BinaryFunction, KernelSpec> binary() {
    Map<BinaryFunction, KernelSpec> specs = new EnumMap<>(BinaryFunction.class);
    for (BinaryFunction f : BinaryFunction.values()) {
      String entry = "binary_" + f.name().toLowerCase(Locale.ROOT) + "_f32";
      int integers = 1 + 1 + (StridedAxes.RANK - 1) + 2 * StridedAxes.RANK;
      specs.put(f, new KernelSpec("binary.ptx", entry, MAP_THREADS, params(3, integers)));
    }
    return specs;
  }

  static void binary(Launch cuda, Kernel.Binary k) {
    KernelSpec spec = requireNonNull(BINARY.get(k.function()));
    Shape shape = k.y().shape();
    StridedAxes axes =
        StridedAxes.of(
            shape.toArray(),
            k.a().shape().broadcastStrides(shape),
            k.b().shape().broadcastStrides(shape));
    DevicePointer a = cuda.in(k.a());
    DevicePointer b = cuda.in(k.b());
    DevicePointer y = cuda.out(k.y());
    int size = axes.innerSize();
    List<StridedAxes.Start> starts = axes.outer();
    for (int i = 0; i < starts.size(); i++) {
      StridedAxes.Start start = starts.get(i);
      cuda.map(
          spec,
          size,
          axes.arguments(
              a.plus((long) start.first() * Float.BYTES),
              b.plus((long) start.second() * Float.BYTES),
              y.plus((long) i * size * Float.BYTES),
              size));
    }
  }
}
