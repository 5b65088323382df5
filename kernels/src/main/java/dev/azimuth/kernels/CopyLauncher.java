package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.MAP_THREADS;
import static dev.azimuth.kernels.Launch.params;

import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Kernel;
import java.util.List;

/** Launches copy.cu: one thread for each element that is moved. */
final class CopyLauncher {
  private static final int AXES = 1 + 1 + (StridedAxes.RANK - 1) + 2 * StridedAxes.RANK;
  private static final KernelSpec COPY_F32 = spec("copy_f32", 2, AXES);
  private static final KernelSpec COPY_F64 = spec("copy_f64", 2, AXES);
  private static final KernelSpec GATHER = spec("gather_f32", 3, 2);
  private static final KernelSpec GATHER_VJP = spec("gather_vjp_f32", 4, 2);

  static final List<KernelSpec> SPECS = List.of(COPY_F32, COPY_F64, GATHER, GATHER_VJP);

  private CopyLauncher() {}

  private static KernelSpec spec(String entry, int pointers, int integers) {
    return new KernelSpec("copy.ptx", entry, MAP_THREADS, params(pointers, integers));
  }

  static void copy(Launch cuda, Kernel.Copy k) {
    DType dtype = k.y().dtype();
    boolean isDouble = dtype == DType.FLOAT64;
    DevicePointer x = isDouble ? Launch.anywhere(k.x()) : cuda.in(k.x());
    DevicePointer y = isDouble ? Launch.anywhere(k.y()) : cuda.out(k.y());
    StridedAxes axes = StridedAxes.of(k.sizes(), k.xStrides(), k.yStrides());
    for (StridedAxes.Start start : axes.outer()) {
      cuda.map(
          isDouble ? COPY_F64 : COPY_F32,
          axes.innerSize(),
          axes.arguments(
              x.plus((long) (k.xOffset() + start.first()) * dtype.bytes()),
              y.plus((long) (k.yOffset() + start.second()) * dtype.bytes()),
              axes.innerSize()));
    }
  }

  static void gather(Launch cuda, Kernel.Gather k) {
    int size = k.y().shape().size();
    cuda.map(
        GATHER,
        size,
        cuda.in(k.table()),
        cuda.upload(k.index()),
        cuda.out(k.y()),
        size,
        k.table().shape().dim(-1));
  }

  /** Sorts the rows by where they go, so that each sum is one thread's and in the rows' order. */
  static void gatherVjp(Launch cuda, Kernel.GatherVjp k) {
    int[] index = k.index();
    int[] start = new int[k.dTable().shape().dim(0) + 1];
    for (int target : index) {
      start[target + 1]++;
    }
    for (int i = 1; i < start.length; i++) {
      start[i] += start[i - 1];
    }
    int[] next = start.clone();
    int[] rows = new int[index.length];
    for (int row = 0; row < index.length; row++) {
      rows[next[index[row]]++] = row;
    }
    int size = k.dTable().shape().size();
    cuda.map(
        GATHER_VJP,
        size,
        cuda.in(k.dy()),
        cuda.upload(start),
        cuda.upload(rows),
        cuda.out(k.dTable()),
        size,
        k.dTable().shape().dim(-1));
  }
}
