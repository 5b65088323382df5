package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.params;
import static java.util.Objects.requireNonNull;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Launches convolution.cu: a block for each tile of the result, piece of k and channel group. */
final class ConvolutionLauncher {
  private static final Map<Variant, KernelSpec> CONVOLUTION = new LinkedHashMap<>();

  static {
    for (Product product : Product.values()) {
      for (int tile : GemmPlan.TILES) {
        for (Precision precision : Precision.values()) {
          Variant variant = new Variant(product, tile, precision);
          CONVOLUTION.put(variant, variant.spec());
        }
      }
    }
  }

  static final List<KernelSpec> SPECS = List.copyOf(CONVOLUTION.values());

  private ConvolutionLauncher() {}

  private enum Product {
    FORWARD,
    INPUT_VJP,
    WEIGHT_VJP
  }

  private record Variant(Product product, int tile, Precision precision) {
    KernelSpec spec() {
      String name = product.name().toLowerCase(Locale.ROOT);
      return new KernelSpec(
          "convolution.ptx",
          "conv2d_%s_%d_%s".formatted(name, tile, precision.suffix()),
          GemmPlan.THREADS,
          params(4, 17));
    }
  }

  static void conv2d(Launch cuda, Kernel.Conv2d k) {
    Conv2dGeometry g = k.geometry();
    int outputs = g.batch() * g.outHeight() * g.outWidth();
    launch(
        cuda,
        Product.FORWARD,
        GemmPlan.of(g.groups(), outputs, g.outChannels() / g.groups(), taps(g) * inPerGroup(g)),
        cuda.in(k.x()),
        cuda.in(k.weight()),
        cuda.inOrNull(k.bias()),
        cuda.out(k.y()),
        k.y().shape().size(),
        g);
  }

  static void inputVjp(Launch cuda, Kernel.Conv2dInputVjp k) {
    Conv2dGeometry g = k.geometry();
    int inputs = g.batch() * g.height() * g.width();
    launch(
        cuda,
        Product.INPUT_VJP,
        GemmPlan.of(g.groups(), inputs, inPerGroup(g), taps(g) * (g.outChannels() / g.groups())),
        cuda.in(k.dy()),
        cuda.in(k.weight()),
        DevicePointer.NULL,
        cuda.out(k.dx()),
        k.dx().shape().size(),
        g);
  }

  static void weightVjp(Launch cuda, Kernel.Conv2dWeightVjp k) {
    Conv2dGeometry g = k.geometry();
    int outputs = g.batch() * g.outHeight() * g.outWidth();
    launch(
        cuda,
        Product.WEIGHT_VJP,
        GemmPlan.of(g.groups(), g.outChannels() / g.groups(), taps(g) * inPerGroup(g), outputs),
        cuda.in(k.dy()),
        cuda.in(k.x()),
        DevicePointer.NULL,
        cuda.out(k.dWeight()),
        k.dWeight().shape().size(),
        g);
  }

  private static int taps(Conv2dGeometry g) {
    return g.kernelHeight() * g.kernelWidth();
  }

  private static int inPerGroup(Conv2dGeometry g) {
    return g.inChannels() / g.groups();
  }

  private static void launch(
      Launch cuda,
      Product product,
      GemmPlan plan,
      DevicePointer a,
      DevicePointer b,
      DevicePointer bias,
      DevicePointer y,
      int size,
      Conv2dGeometry g) {
    Variant variant = new Variant(product, plan.tile(), cuda.options().precision());
    boolean isWhole = plan.splits() == 1;
    DevicePointer to = isWhole ? y : cuda.scratch((long) plan.splits() * size);
    cuda.launch(
        requireNonNull(CONVOLUTION.get(variant)),
        plan.blocks(),
        a,
        b,
        isWhole ? bias : DevicePointer.NULL,
        to,
        size,
        plan.splits(),
        plan.kPerSplit(),
        g.batch(),
        g.height(),
        g.width(),
        g.inChannels(),
        g.outHeight(),
        g.outWidth(),
        g.outChannels(),
        g.kernelHeight(),
        g.kernelWidth(),
        g.stride().vertical(),
        g.stride().horizontal(),
        g.padding().top(),
        g.padding().left(),
        g.groups());
    if (!isWhole) {
      MatmulLauncher.join(cuda, to, bias, y, size, g.outChannels(), plan.splits());
    }
  }
}
