package dev.azimuth.kernels;

import static dev.azimuth.kernels.Launch.params;
import static dev.azimuth.kernels.ParamType.F32;
import static dev.azimuth.kernels.ParamType.I32;
import static dev.azimuth.kernels.ParamType.PTR;
import static java.util.Collections.nCopies;
import static java.util.Objects.requireNonNull;

import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Launches attention, by the rung of kernels/attention/README.md that {@link CudaOptions} names or,
 * where the head width isn't for that, by the tiled one: a block for each tile of queries, or of
 * keys, of a head.
 */
final class AttentionLauncher {
  private static final int BLOCK = 128;

  /** By head width, from narrow to wide; each is for widths up to its own. */
  private static final List<Tiles> TILED =
      List.of(tiled(64, 8), tiled(128, 8), tiled(192, 8), tiled(512, 4));

  private static final List<TilesVjp> TILED_VJP =
      List.of(tiledVjp(64, 8), tiledVjp(128, 4), tiledVjp(192, 4), tiledVjp(512, 2));

  private static final Map<Precision, List<Tiles>> FLASH = new EnumMap<>(Precision.class);
  private static final Map<Precision, List<TilesVjp>> FLASH_VJP = new EnumMap<>(Precision.class);

  private static final KernelSpec DELTA =
      new KernelSpec("attention_vjp.ptx", "attention_delta_f32", BLOCK, params(3, 4));

  static final List<KernelSpec> SPECS = specs();

  private AttentionLauncher() {}

  /**
   * A kernel for heads up to {@code width} wide.
   *
   * @param rows of its own that a block has
   * @param rowBytes shared memory for each channel of a head
   * @param fixedBytes further shared memory
   */
  private record Tiles(int width, int rows, int rowBytes, int fixedBytes, KernelSpec spec) {
    long blocks(Sizes s, int count) {
      return (long) s.batch * s.heads * Math.ceilDiv(count, rows);
    }

    int shared(Sizes s) {
      return rowBytes * s.d + fixedBytes;
    }
  }

  /** The kernels of the gradient, of the queries and of keys and values. */
  private record TilesVjp(Tiles queries, Tiles keys) {
    int width() {
      return queries.width;
    }
  }

  private static Tiles tiled(int width, int own) {
    KernelSpec spec = spec("attention.ptx", "attention_%d_f32".formatted(width), BLOCK, 5);
    return tiled(width, own, 1, spec);
  }

  private static TilesVjp tiledVjp(int width, int own) {
    String ptx = "attention_vjp.ptx";
    KernelSpec queries = spec(ptx, "attention_queries_vjp_%d_f32".formatted(width), BLOCK, 7);
    KernelSpec keys = spec(ptx, "attention_keys_vjp_%d_f32".formatted(width), BLOCK, 8);
    return new TilesVjp(tiled(width, own, 2, queries), tiled(width, own, 2, keys));
  }

  /** Four warps that own {@code own} rows each, of {@code operands} operands. */
  private static Tiles tiled(int width, int own, int operands, KernelSpec spec) {
    int rows = 4 * own;
    return new Tiles(width, rows, operands * rows * Float.BYTES, 0, spec);
  }

  private static Tiles flash(int width, int warps, Precision precision) {
    String entry = "flash_%d_%s".formatted(width, precision.suffix());
    return flash(width, warps, 1, 1, spec("flash.ptx", entry, 32 * warps, 5));
  }

  private static TilesVjp flashVjp(int width, int warps, Precision precision) {
    String end = "vjp_%d_%s".formatted(width, precision.suffix());
    KernelSpec queries = spec("flash_vjp.ptx", "flash_queries_" + end, 32 * warps, 7);
    KernelSpec keys = spec("flash_vjp.ptx", "flash_keys_" + end, 32 * warps, 8);
    return new TilesVjp(flash(width, warps, 2, 2, queries), flash(width, warps, 2, 2, keys));
  }

  /** {@code own} operands of 16 rows a warp, two of 8 rows {@code turns} times, rows padded. */
  private static Tiles flash(int width, int warps, int own, int turns, KernelSpec spec) {
    int rows = 16 * warps * own + 8 * warps * 2 * turns;
    return new Tiles(width, 16 * warps, 0, rows * (width + 4) * Float.BYTES, spec);
  }

  private static KernelSpec spec(String ptx, String entry, int block, int pointers) {
    List<ParamType> params =
        Stream.of(nCopies(pointers, PTR), nCopies(4, I32), List.of(F32, I32))
            .flatMap(List::stream)
            .toList();
    return new KernelSpec(ptx, entry, block, params);
  }

  private static List<KernelSpec> specs() {
    List<Tiles> forward = new ArrayList<>(TILED);
    List<TilesVjp> vjps = new ArrayList<>(TILED_VJP);
    for (Precision precision : Precision.values()) {
      FLASH.put(
          precision, Stream.of(40, 64, 80, 160).map(width -> flash(width, 4, precision)).toList());
      // two warps where four would need more shared memory than every device has
      FLASH_VJP.put(
          precision,
          Stream.of(40, 64, 80, 160)
              .map(width -> flashVjp(width, width > 80 ? 2 : 4, precision))
              .toList());
      forward.addAll(FLASH.get(precision));
      vjps.addAll(FLASH_VJP.get(precision));
    }
    List<KernelSpec> specs = new ArrayList<>(List.of(DELTA));
    specs.addAll(NaiveAttention.SPECS);
    forward.forEach(tiles -> specs.add(tiles.spec));
    vjps.forEach(vjp -> specs.addAll(List.of(vjp.queries.spec, vjp.keys.spec)));
    return List.copyOf(specs);
  }

  /** The sizes of an attention. */
  record Sizes(int batch, int heads, int queries, int keys, int d) {
    static Sizes of(Shape q, Shape k, int heads) {
      return new Sizes(q.dim(0), heads, q.dim(1), k.dim(1), q.dim(2) / heads);
    }

    /** Whether heads are copied 16 bytes at a time into tiles that exist. */
    private boolean fitsFlash() {
      return d % 4 == 0 && d <= 160;
    }

    private IllegalArgumentException tooWide() {
      return new IllegalArgumentException(
          "attention: a head is at most %d channels wide on CUDA, not %d"
              .formatted(TILED.getLast().width, d));
    }
  }

  /** The kernel for widths such as these, by the rung wanted. */
  private static Tiles forward(Sizes s, CudaOptions options) {
    boolean isFlash = options.attention() == AttentionRung.FLASH && s.fitsFlash();
    List<Tiles> rungs = isFlash ? requireNonNull(FLASH.get(options.precision())) : TILED;
    return rungs.stream().filter(t -> s.d <= t.width).findFirst().orElseThrow(s::tooWide);
  }

  private static TilesVjp vjp(Sizes s, CudaOptions options) {
    boolean isFlash = options.attention() == AttentionRung.FLASH && s.fitsFlash();
    List<TilesVjp> rungs = isFlash ? requireNonNull(FLASH_VJP.get(options.precision())) : TILED_VJP;
    return rungs.stream().filter(t -> s.d <= t.width()).findFirst().orElseThrow(s::tooWide);
  }

  static void attention(Launch cuda, Kernel.Attention k) {
    Sizes s = Sizes.of(k.q().shape(), k.k().shape(), k.heads());
    if (cuda.options().attention() == AttentionRung.NAIVE) {
      NaiveAttention.attention(cuda, k, s);
      return;
    }
    Tiles tiles = forward(s, cuda.options());
    cuda.launchShared(
        tiles.spec,
        tiles.blocks(s, s.queries),
        tiles.shared(s),
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
    TilesVjp vjp = vjp(s, cuda.options());
    DevicePointer q = cuda.in(k.q());
    DevicePointer key = cuda.in(k.k());
    DevicePointer v = cuda.in(k.v());
    DevicePointer dy = cuda.in(k.dy());
    DevicePointer logSumExp = cuda.in(k.logSumExp());
    int rows = s.batch * s.heads * s.queries;
    DevicePointer delta = cuda.scratch(rows);
    cuda.launch(
        DELTA,
        Math.ceilDiv(rows, BLOCK / 32),
        cuda.in(k.y()),
        dy,
        delta,
        rows,
        s.heads,
        s.queries,
        s.d);
    float scale = (float) k.scale();
    int isCausal = k.causal() ? 1 : 0;
    cuda.launchShared(
        vjp.queries.spec,
        vjp.queries.blocks(s, s.queries),
        vjp.queries.shared(s),
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
        vjp.keys.spec,
        vjp.keys.blocks(s, s.keys),
        vjp.keys.shared(s),
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
