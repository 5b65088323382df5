package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.params;
import static dev.azimuth.kernels.ParamType.F32;
import static dev.azimuth.kernels.ParamType.I32;
import static dev.azimuth.kernels.ParamType.PTR;
import static java.util.Collections.nCopies;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Launches attention.cu and attention_vjp.cu: a block of four warps for each tile of queries, or of
 * keys, of a head.
 */
final class AttentionLauncher {
  private static final int BLOCK = 128;
  private static final int WARPS = BLOCK / 32;

  /** By head width, from narrow to wide; each is for widths up to its own. */
  private static final List<Forward> FORWARD =
      List.of(Forward.of(64, 8), Forward.of(128, 8), Forward.of(192, 8), Forward.of(512, 4));

  private static final List<Vjp> VJP =
      List.of(Vjp.of(64, 8), Vjp.of(128, 4), Vjp.of(192, 4), Vjp.of(512, 2));

  private static final KernelSpec DELTA =
      new KernelSpec("attention_vjp.ptx", "attention_delta_f32", BLOCK, params(3, 4));

  static final List<KernelSpec> SPECS = specs();

  private AttentionLauncher() {}

  /** A kernel for heads up to {@code width} wide, whose warps own {@code own} queries each. */
  private record Forward(int width, int own, KernelSpec spec) {
    static Forward of(int width, int own) {
      String entry = "attention_%d_f32".formatted(width);
      return new Forward(width, own, AttentionLauncher.spec("attention.ptx", entry, 5));
    }
  }

  /** Kernels for heads up to {@code width} wide, whose warps own {@code own} rows each. */
  private record Vjp(int width, int own, KernelSpec queries, KernelSpec keys) {
    static Vjp of(int width, int own) {
      return new Vjp(
          width,
          own,
          spec("attention_vjp.ptx", "attention_queries_vjp_%d_f32".formatted(width), 7),
          spec("attention_vjp.ptx", "attention_keys_vjp_%d_f32".formatted(width), 8));
    }
  }

  private static KernelSpec spec(String ptx, String entry, int pointers) {
    List<ParamType> params =
        Stream.of(nCopies(pointers, PTR), nCopies(4, I32), List.of(F32, I32))
            .flatMap(List::stream)
            .toList();
    return new KernelSpec(ptx, entry, BLOCK, params);
  }

  private static List<KernelSpec> specs() {
    List<KernelSpec> specs = new ArrayList<>(List.of(DELTA));
    FORWARD.forEach(forward -> specs.add(forward.spec));
    VJP.forEach(vjp -> specs.addAll(List.of(vjp.queries, vjp.keys)));
    return List.copyOf(specs);
  }

  private record Sizes(int batch, int heads, int queries, int keys, int d) {
    static Sizes of(Shape q, Shape k, int heads) {
      return new Sizes(q.dim(0), heads, q.dim(1), k.dim(1), q.dim(2) / heads);
    }

    /** Blocks that own {@code own} of {@code rows} per warp. */
    long blocks(int rows, int own) {
      return (long) batch * heads * Math.ceilDiv(rows, WARPS * own);
    }

    /** Shared memory for {@code own} rows per warp of {@code operands} operands. */
    int shared(int operands, int own) {
      return operands * WARPS * own * d * Float.BYTES;
    }

    IllegalArgumentException tooWide(int most) {
      return new IllegalArgumentException(
          "attention: a head is at most %d channels wide on CUDA, not %d".formatted(most, d));
    }
  }

  static void attention(Launch cuda, Kernel.Attention k) {
    Sizes s = Sizes.of(k.q().shape(), k.k().shape(), k.heads());
    Forward forward =
        FORWARD.stream()
            .filter(f -> s.d <= f.width)
            .findFirst()
            .orElseThrow(() -> s.tooWide(FORWARD.getLast().width));
    cuda.launchShared(
        forward.spec,
        s.blocks(s.queries, forward.own),
        s.shared(1, forward.own),
        cuda.in(k.q()),
        cuda.in(k.k()),
        cuda.in(k.v()),
        cuda.out(k.y()),
        cuda.out(k.logSumExp()),
        s.heads,
        s.queries,
        s.keys,
        s.d,
        (float) k.scale(),
        k.causal() ? 1 : 0);
  }

  static void attentionVjp(Launch cuda, Kernel.AttentionVjp k) {
    Sizes s = Sizes.of(k.q().shape(), k.k().shape(), k.heads());
    Vjp vjp =
        VJP.stream()
            .filter(f -> s.d <= f.width)
            .findFirst()
            .orElseThrow(() -> s.tooWide(VJP.getLast().width));
    DevicePointer q = cuda.in(k.q());
    DevicePointer key = cuda.in(k.k());
    DevicePointer v = cuda.in(k.v());
    DevicePointer dy = cuda.in(k.dy());
    DevicePointer logSumExp = cuda.in(k.logSumExp());
    int rows = s.batch * s.heads * s.queries;
    DevicePointer delta = cuda.scratch(rows);
    cuda.launch(
        DELTA, Math.ceilDiv(rows, WARPS), cuda.in(k.y()), dy, delta, rows, s.heads, s.queries, s.d);
    float scale = (float) k.scale();
    int isCausal = k.causal() ? 1 : 0;
    cuda.launchShared(
        vjp.queries,
        s.blocks(s.queries, vjp.own),
        s.shared(2, vjp.own),
        q,
        key,
        v,
        dy,
        logSumExp,
        delta,
        cuda.out(k.dq()),
        s.heads,
        s.queries,
        s.keys,
        s.d,
        scale,
        isCausal);
    cuda.launchShared(
        vjp.keys,
        s.blocks(s.keys, vjp.own),
        s.shared(2, vjp.own),
        q,
        key,
        v,
        dy,
        logSumExp,
        delta,
        cuda.out(k.dk()),
        cuda.out(k.dv()),
        s.heads,
        s.queries,
        s.keys,
        s.d,
        scale,
        isCausal);
  }
}
