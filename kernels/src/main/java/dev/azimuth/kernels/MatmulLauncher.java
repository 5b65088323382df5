package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.MAP_THREADS;
import static dev.azimuth.kernels.Launch.params;
import static dev.azimuth.kernels.ParamType.I32;
import static dev.azimuth.kernels.ParamType.PTR;
import static java.util.Objects.requireNonNull;

import dev.azimuth.tensor.Kernel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Launches matmul.cu: a block for each tile of y, piece of k and product of the batch. */
final class MatmulLauncher {
  private record Variant(boolean transposeA, boolean transposeB, int tile, Precision precision) {
    String entry() {
      return "matmul_%s%s_%d_%s"
          .formatted(transposeA ? "t" : "n", transposeB ? "t" : "n", tile, precision.suffix());
    }
  }

  private static final Map<Variant, KernelSpec> MATMUL = variants();
  private static final KernelSpec JOIN =
      new KernelSpec("matmul.ptx", "matmul_join_f32", MAP_THREADS, params(3, 3));

  static final List<KernelSpec> SPECS = specs();

  private MatmulLauncher() {}

  private static Map<Variant, KernelSpec> variants() {
    Map<Variant, KernelSpec> specs = new HashMap<>();
    for (boolean transposeA : new boolean[] {false, true}) {
      for (boolean transposeB : new boolean[] {false, true}) {
        for (int tile : GemmPlan.TILES) {
          for (Precision precision : Precision.values()) {
            Variant variant = new Variant(transposeA, transposeB, tile, precision);
            specs.put(variant, spec(variant.entry()));
          }
        }
      }
    }
    return specs;
  }

  private static KernelSpec spec(String entry) {
    return new KernelSpec(
        "matmul.ptx",
        entry,
        GemmPlan.THREADS,
        PTR,
        PTR,
        I32,
        I32,
        PTR,
        PTR,
        I32,
        I32,
        PTR,
        PTR,
        I32,
        I32,
        I32,
        I32,
        I32,
        I32);
  }

  private static List<KernelSpec> specs() {
    List<KernelSpec> specs = new ArrayList<>(MATMUL.values());
    specs.add(JOIN);
    return List.copyOf(specs);
  }

  /** Where a batch's matrices begin, if in equal steps from the first. */
  private record Steps(int first, int step) {
    static @Nullable Steps of(int[] offsets) {
      int first = offsets.length > 0 ? offsets[0] : 0;
      int step = offsets.length > 1 ? offsets[1] - first : 0;
      for (int i = 0; i < offsets.length; i++) {
        if (offsets[i] != first + i * step) {
          return null;
        }
      }
      return new Steps(first, step);
    }
  }

  /** Where a batch's matrices begin: in equal steps from the first, or as listed on the device. */
  private record Offsets(DevicePointer listed, int first, int step) {
    static Offsets of(Launch cuda, int[] offsets) {
      Steps steps = Steps.of(offsets);
      return steps == null
          ? new Offsets(cuda.upload(offsets), 0, 0)
          : new Offsets(DevicePointer.NULL, steps.first, steps.step);
    }
  }

  static void matmul(Launch cuda, Kernel.Matmul k) {
    Gemm gemm = cuda.gemm();
    Steps a = Steps.of(k.aOffsets());
    Steps b = Steps.of(k.bOffsets());
    boolean isSome = k.k() > 0 && k.y().shape().size() > 0;
    if (gemm != null && isSome && a != null && a.step >= 0 && b != null && b.step >= 0) {
      byLibrary(cuda, gemm, k, a, b);
    } else {
      byKernel(cuda, k);
    }
  }

  /**
   * What is stored row after row is its transpose stored column after column: the library is asked
   * for yᵀ = bᵀ aᵀ.
   */
  private static void byLibrary(Launch cuda, Gemm gemm, Kernel.Matmul k, Steps a, Steps b) {
    int batch = k.aOffsets().length;
    DevicePointer y = cuda.out(k.y());
    DevicePointer product = k.bias() == null ? y : cuda.scratch(k.y().shape().size());
    gemm.multiply(
        cuda.stream(),
        k.n(),
        k.m(),
        k.k(),
        operand(cuda.in(k.b()), b, k.transposeB(), k.transposeB() ? k.k() : k.n()),
        operand(cuda.in(k.a()), a, k.transposeA(), k.transposeA() ? k.m() : k.k()),
        product,
        batch);
    if (k.bias() != null) {
      join(cuda, product, cuda.in(k.bias()), y, k.y().shape().size(), k.n(), 1);
    }
  }

  private static Gemm.Operand operand(
      DevicePointer x, Steps steps, boolean isTransposed, int leading) {
    return new Gemm.Operand(
        x.plus((long) steps.first * Float.BYTES), isTransposed, leading, steps.step);
  }

  private static void byKernel(Launch cuda, Kernel.Matmul k) {
    int batch = k.aOffsets().length;
    GemmPlan plan = GemmPlan.of(batch, k.m(), k.n(), k.k());
    Precision precision = cuda.options().precision();
    Variant variant = new Variant(k.transposeA(), k.transposeB(), plan.tile(), precision);
    KernelSpec spec = requireNonNull(MATMUL.get(variant));
    int size = batch * k.m() * k.n();
    boolean isWhole = plan.splits() == 1;
    DevicePointer y = cuda.out(k.y());
    DevicePointer bias = cuda.inOrNull(k.bias());
    DevicePointer to = isWhole ? y : cuda.scratch((long) plan.splits() * size);
    Offsets a = Offsets.of(cuda, k.aOffsets());
    Offsets b = Offsets.of(cuda, k.bOffsets());
    cuda.launch(
        spec,
        plan.blocks(),
        cuda.in(k.a()),
        a.listed,
        a.first,
        a.step,
        cuda.in(k.b()),
        b.listed,
        b.first,
        b.step,
        isWhole ? bias : DevicePointer.NULL,
        to,
        batch,
        k.m(),
        k.n(),
        k.k(),
        plan.splits(),
        plan.kPerSplit());
    if (!isWhole) {
      join(cuda, to, bias, y, size, k.n(), plan.splits());
    }
  }

  /** y [size] = sum of {@code splits} partial results, plus bias [columns] or null. */
  static void join(
      Launch cuda,
      DevicePointer partial,
      DevicePointer bias,
      DevicePointer y,
      int size,
      int columns,
      int splits) {
    cuda.map(JOIN, size, partial, bias, y, size, columns, splits);
  }
}
