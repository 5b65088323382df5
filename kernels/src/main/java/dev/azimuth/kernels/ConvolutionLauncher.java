package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.params;

import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.Kernel;
import java.util.List;

/** Launches convolution.cu: a block for each tile of the result, piece of k and channel group. */
final class ConvolutionLauncher {
  private static final Variants FORWARD = Variants.of("forward");
  private static final Variants INPUT_VJP = Variants.of("input_vjp");
  private static final Variants WEIGHT_VJP = Variants.of("weight_vjp");

  static final List<KernelSpec> SPECS =
      List.of(
          FORWARD.small,
          FORWARD.large,
          INPUT_VJP.small,
          INPUT_VJP.large,
          WEIGHT_VJP.small,
          WEIGHT_VJP.large);

  private ConvolutionLauncher() {}

  /** One kernel by its tiles, of 64 and of 128. */
  private record Variants(KernelSpec small, KernelSpec large) {
    static Variants of(String name) {
      return new Variants(spec(name, 64), spec(name, 128));
    }

    private static KernelSpec spec(String name, int tile) {
      return new KernelSpec(
          "convolution.ptx",
          "conv2d_%s_%d_f32".formatted(name, tile),
          GemmPlan.THREADS,
          params(4, 17));
    }

    KernelSpec tiled(int tile) {
      return tile == 64 ? small : large;
    }
  }

  static void conv2d(Launch cuda, Kernel.Conv2d k) {
    Conv2dGeometry g = k.geometry();
    int outputs = g.batch() * g.outHeight() * g.outWidth();
    launch(
        cuda,
        FORWARD,
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
        INPUT_VJP,
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
        WEIGHT_VJP,
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
      Variants variants,
      GemmPlan plan,
      DevicePointer a,
      DevicePointer b,
      DevicePointer bias,
      DevicePointer y,
      int size,
      Conv2dGeometry g) {
    boolean isWhole = plan.splits() == 1;
    DevicePointer to = isWhole ? y : cuda.scratch((long) plan.splits() * size);
    cuda.launch(
        variants.tiled(plan.tile()),
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
