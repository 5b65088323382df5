package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.params;
import static dev.azimuth.kernels.ParamType.F32;
import static dev.azimuth.kernels.ParamType.I32;
import static dev.azimuth.kernels.ParamType.PTR;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;

/** Launches norm.cu: a warp for each group, or a block where groups are large. */
final class NormLauncher {
  private static final int BLOCK = 256;

  /** Elements up to which a group is a warp's. */
  private static final int SMALL = 1024;

  /** Rows whose weight and bias gradients a thread adds up. */
  private static final int ROWS_PER_THREAD = 64;

  private static final KernelSpec NORM_WARP = norm("norm_32_f32");
  private static final KernelSpec NORM_BLOCK = norm("norm_256_f32");
  private static final KernelSpec VJP_WARP = spec("norm_vjp_32_f32", 7, 5);
  private static final KernelSpec VJP_BLOCK = spec("norm_vjp_256_f32", 7, 5);
  private static final KernelSpec VJP_COLUMNS = spec("norm_vjp_columns_f32", 8, 7);

  static final List<KernelSpec> SPECS =
      List.of(NORM_WARP, NORM_BLOCK, VJP_WARP, VJP_BLOCK, VJP_COLUMNS);

  private NormLauncher() {}

  private static KernelSpec norm(String entry) {
    return new KernelSpec(
        "norm.ptx", entry, BLOCK, PTR, PTR, PTR, PTR, PTR, PTR, I32, I32, I32, I32, F32, I32);
  }

  private static KernelSpec spec(String entry, int pointers, int integers) {
    return new KernelSpec("norm.ptx", entry, BLOCK, params(pointers, integers));
  }

  /**
   * x as [images, positions, channels] in groups of {@code width} channels.
   *
   * <p>A layer norm's rows are images of one position and one group.
   */
  private record Groups(int images, int positions, int channels, int width) {
    static Groups of(Shape x, int groups) {
      return new Groups(x.dim(0), x.dim(1), x.dim(2), x.dim(2) / groups);
    }

    static Groups rows(Tensor weight, Tensor mean) {
      int columns = weight.shape().size();
      return new Groups(mean.shape().size(), 1, columns, columns);
    }

    int count() {
      return images * (channels / width);
    }

    boolean areSmall() {
      return positions * width <= SMALL;
    }

    long blocks() {
      return areSmall() ? Math.ceilDiv(count(), BLOCK / 32) : count();
    }

    int rowCount() {
      return images * positions;
    }
  }

  static void groupNorm(Launch cuda, Kernel.GroupNorm k) {
    norm(
        cuda,
        Groups.of(k.x().shape(), k.groups()),
        cuda.in(k.x()),
        cuda.in(k.weight()),
        cuda.in(k.bias()),
        cuda.out(k.y()),
        cuda.out(k.mean()),
        cuda.out(k.rstd()),
        k.eps(),
        k.silu());
  }

  static void layerNorm(Launch cuda, Kernel.LayerNorm k) {
    norm(
        cuda,
        Groups.rows(k.weight(), k.mean()),
        cuda.in(k.x()),
        cuda.in(k.weight()),
        cuda.in(k.bias()),
        cuda.out(k.y()),
        cuda.out(k.mean()),
        cuda.out(k.rstd()),
        k.eps(),
        false);
  }

  private static void norm(
      Launch cuda,
      Groups g,
      DevicePointer x,
      DevicePointer weight,
      DevicePointer bias,
      DevicePointer y,
      DevicePointer mean,
      DevicePointer rstd,
      double eps,
      boolean isSilu) {
    cuda.launch(
        g.areSmall() ? NORM_WARP : NORM_BLOCK,
        g.blocks(),
        x,
        weight,
        bias,
        y,
        mean,
        rstd,
        g.count(),
        g.positions,
        g.channels,
        g.width,
        (float) eps,
        isSilu ? 1 : 0);
  }

  static void groupNormVjp(Launch cuda, Kernel.GroupNormVjp k) {
    Inputs inputs =
        new Inputs(
            cuda.in(k.x()),
            cuda.in(k.weight()),
            cuda.in(k.bias()),
            cuda.in(k.mean()),
            cuda.in(k.rstd()),
            cuda.in(k.dy()));
    vjp(
        cuda,
        Groups.of(k.x().shape(), k.groups()),
        inputs,
        cuda.out(k.dx()),
        cuda.out(k.dWeight()),
        cuda.out(k.dBias()),
        k.silu() ? 1 : 0);
  }

  static void layerNormVjp(Launch cuda, Kernel.LayerNormVjp k) {
    Inputs inputs =
        new Inputs(
            cuda.in(k.x()),
            cuda.in(k.weight()),
            DevicePointer.NULL,
            cuda.in(k.mean()),
            cuda.in(k.rstd()),
            cuda.in(k.dy()));
    vjp(
        cuda,
        Groups.rows(k.weight(), k.mean()),
        inputs,
        cuda.out(k.dx()),
        cuda.out(k.dWeight()),
        cuda.out(k.dBias()),
        0);
  }

  /** What a norm's gradients are made of; bias is null where there is no SiLU behind it. */
  private record Inputs(
      DevicePointer x,
      DevicePointer weight,
      DevicePointer bias,
      DevicePointer mean,
      DevicePointer rstd,
      DevicePointer dy) {}

  private static void vjp(
      Launch cuda,
      Groups g,
      Inputs in,
      DevicePointer dx,
      DevicePointer dWeight,
      DevicePointer dBias,
      int isSilu) {
    cuda.launch(
        g.areSmall() ? VJP_WARP : VJP_BLOCK,
        g.blocks(),
        in.x,
        in.weight,
        in.bias,
        in.mean,
        in.rstd,
        in.dy,
        dx,
        g.count(),
        g.positions,
        g.channels,
        g.width,
        isSilu);
    int chunks = Math.max(1, Math.ceilDiv(g.rowCount(), ROWS_PER_THREAD));
    int size = chunks * g.channels;
    DevicePointer dWeights = chunks == 1 ? dWeight : cuda.scratch(size);
    DevicePointer dBiases = chunks == 1 ? dBias : cuda.scratch(size);
    cuda.launch(
        VJP_COLUMNS,
        Math.ceilDiv(size, BLOCK),
        in.x,
        in.weight,
        in.bias,
        in.mean,
        in.rstd,
        in.dy,
        dWeights,
        dBiases,
        size,
        g.rowCount(),
        ROWS_PER_THREAD,
        g.positions,
        g.channels,
        g.width,
        isSilu);
    if (chunks > 1) {
      ReduceLauncher.columnSums(cuda, dWeights, dWeight, chunks, g.channels);
      ReduceLauncher.columnSums(cuda, dBiases, dBias, chunks, g.channels);
    }
  }
}
