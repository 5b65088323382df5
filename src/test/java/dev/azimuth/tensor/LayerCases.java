package dev.azimuth.tensor;

import java.util.ArrayList;
import java.util.List;

/** Normalisations and attention. */
final class LayerCases {
  private LayerCases() {}

  static List<KernelCase> all() {
    List<KernelCase> cases = new ArrayList<>();
    groupNorms(cases);
    layerNorms(cases);
    attentions(cases);
    return cases;
  }

  /** x [images, positions, channels] in groups. */
  private record Groups(int images, int positions, int channels, int groups) {}

  private static void groupNorms(List<KernelCase> cases) {
    Groups[] sizes = {
      new Groups(1, 2, 1, 1),
      new Groups(1, 1, 4, 2),
      new Groups(2, 9, 6, 3),
      new Groups(1, 16, 32, 32),
      new Groups(2, 64, 64, 32),
      new Groups(3, 35, 17, 1),
      new Groups(1, 257, 40, 8),
      new Groups(1, 49, 96, 32),
      new Groups(2, 1024, 33, 11),
      new Groups(1, 4096, 64, 4),
      new Groups(5, 7, 130, 10)
    };
    for (Groups size : sizes) {
      for (boolean silu : new boolean[] {false, true}) {
        groupNorm(cases, size, silu, 0.3, 1.5);
      }
    }
    // far from zero, where E[x²] - E[x]² would cancel
    groupNorm(cases, new Groups(2, 64, 24, 4), false, 100, 1);
    groupNorm(cases, new Groups(2, 64, 24, 4), true, -100, 0.5);
    // all values of a group equal: only eps keeps it finite
    String equal = "equal values";
    Groups flat = new Groups(1, 9, 8, 2);
    cases.add(KernelCase.of(equal, () -> groupNorm(flat, true, 3, 0)));
    cases.add(KernelCase.of(equal, () -> groupNormVjp(flat, true, 3, 0)).vanishing("dWeight"));
    // one value in a group: the same
    Groups single = new Groups(2, 1, 5, 5);
    cases.add(KernelCase.of("one value in a group", () -> groupNorm(single, false, 0, 1)));
    cases.add(
        KernelCase.of("one value in a group", () -> groupNormVjp(single, false, 0, 1))
            .vanishing("dx", "dWeight"));
  }

  private static void groupNorm(
      List<KernelCase> cases, Groups size, boolean silu, double mean, double deviation) {
    String label =
        "%s%s, mean %s, deviation %s".formatted(size, silu ? " with SiLU" : "", mean, deviation);
    cases.add(KernelCase.of(label, () -> groupNorm(size, silu, mean, deviation)));
    KernelCase vjp = KernelCase.of(label, () -> groupNormVjp(size, silu, mean, deviation));
    // two values are normalised to 1 and -1 whatever they are, but for eps
    boolean isPair = size.positions * size.channels == 2 * size.groups;
    cases.add(isPair ? vjp.vanishing("dx") : vjp);
  }

  private static Kernel.GroupNorm groupNorm(
      Groups size, boolean silu, double mean, double deviation) {
    Draw draw = new Draw(size.channels);
    Tensor x = draw.normalAround(mean, deviation, size.images, size.positions, size.channels);
    return new Kernel.GroupNorm(
        x,
        draw.normalAround(1, 0.3, size.channels),
        draw.normalAround(0.2, 0.3, size.channels),
        Draw.emptyLike(x),
        Draw.empty(size.images, size.groups),
        Draw.empty(size.images, size.groups),
        size.groups,
        1e-5,
        silu);
  }

  private static Kernel groupNormVjp(Groups size, boolean silu, double mean, double deviation) {
    Kernel.GroupNorm forward = groupNorm(size, silu, mean, deviation);
    Tensor x = forward.x();
    return new Kernel.GroupNormVjp(
        x,
        forward.weight(),
        forward.bias(),
        Draw.after(forward, forward.mean()),
        Draw.after(forward, forward.rstd()),
        new Draw(-1).normal(x.shape().toArray()),
        Draw.emptyLike(x),
        Draw.empty(size.channels),
        Draw.empty(size.channels),
        size.groups,
        silu);
  }

  private static void layerNorms(List<KernelCase> cases) {
    int[][] sizes = {
      {1, 2}, {3, 7}, {5, 16}, {17, 33}, {2, 64}, {77, 129}, {3, 768}, {1030, 40}, {1, 5003}
    };
    for (int[] size : sizes) {
      layerNorm(cases, size[0], size[1], 0.3, 1.5);
    }
    layerNorm(cases, 4, 65, 100, 1);
    cases.add(KernelCase.of("one column", () -> layerNorm(3, 1, 0, 1)));
    cases.add(
        KernelCase.of("one column", () -> layerNormVjp(3, 1, 0, 1)).vanishing("dx", "dWeight"));
  }

  private static void layerNorm(
      List<KernelCase> cases, int rows, int columns, double mean, double deviation) {
    String label = "%d × %d, mean %s".formatted(rows, columns, mean);
    cases.add(KernelCase.of(label, () -> layerNorm(rows, columns, mean, deviation)));
    KernelCase vjp = KernelCase.of(label, () -> layerNormVjp(rows, columns, mean, deviation));
    // two values are normalised to 1 and -1 whatever they are, but for eps
    cases.add(columns == 2 ? vjp.vanishing("dx") : vjp);
  }

  private static Kernel.LayerNorm layerNorm(int rows, int columns, double mean, double deviation) {
    Draw draw = new Draw(columns);
    Tensor x = draw.normalAround(mean, deviation, rows, columns);
    return new Kernel.LayerNorm(
        x,
        draw.normalAround(1, 0.3, columns),
        draw.normalAround(0.2, 0.3, columns),
        Draw.emptyLike(x),
        Draw.empty(rows),
        Draw.empty(rows),
        1e-5);
  }

  private static Kernel layerNormVjp(int rows, int columns, double mean, double deviation) {
    Kernel.LayerNorm forward = layerNorm(rows, columns, mean, deviation);
    Tensor x = forward.x();
    return new Kernel.LayerNormVjp(
        x,
        forward.weight(),
        Draw.after(forward, forward.mean()),
        Draw.after(forward, forward.rstd()),
        new Draw(-1).normal(rows, columns),
        Draw.emptyLike(x),
        Draw.empty(columns),
        Draw.empty(columns));
  }

  /** The sizes of an attention; {@code d} channels per head. */
  private record Heads(int batch, int heads, int d, int queries, int keys) {}

  private static void attentions(List<KernelCase> cases) {
    Heads[] sizes = {
      new Heads(1, 1, 1, 2, 2),
      new Heads(1, 1, 3, 1, 5),
      new Heads(2, 3, 5, 7, 7),
      new Heads(1, 8, 40, 16, 16),
      new Heads(2, 2, 64, 33, 77),
      new Heads(1, 4, 80, 65, 65),
      new Heads(1, 1, 160, 17, 19),
      new Heads(1, 2, 33, 64, 4),
      new Heads(1, 2, 8, 5, 300),
      new Heads(1, 1, 40, 257, 257),
      new Heads(2, 1, 16, 130, 67),
      new Heads(1, 12, 64, 77, 77),
      new Heads(1, 3, 17, 31, 2)
    };
    for (Heads size : sizes) {
      for (boolean causal : new boolean[] {false, true}) {
        attention(cases, size, 1, causal);
      }
    }
    // sharp: one key takes nearly all
    attention(cases, new Heads(1, 2, 40, 33, 65), 4, false);
    attention(cases, new Heads(1, 2, 40, 33, 65), 4, true);
    for (int seed = 0; seed < 30; seed++) {
      Draw draw = new Draw(seed);
      Heads size =
          new Heads(
              draw.integer(1, 2),
              draw.integer(1, 4),
              draw.integer(1, 50),
              draw.integer(2, 50),
              draw.integer(2, 50));
      attention(cases, size, 1, draw.coin());
    }
    // one key: the softmax is 1, queries and keys do nothing
    Heads single = new Heads(2, 2, 40, 9, 1);
    cases.add(KernelCase.of(single.toString(), () -> attention(single, 1, false)));
    cases.add(
        KernelCase.of(single.toString(), () -> attentionVjp(single, 1, false))
            .vanishing("dq", "dk"));
  }

  private static void attention(List<KernelCase> cases, Heads size, double spread, boolean causal) {
    String label = "%s, spread %s%s".formatted(size, spread, causal ? ", causal" : "");
    cases.add(KernelCase.of(label, () -> attention(size, spread, causal)));
    KernelCase vjp = KernelCase.of(label, () -> attentionVjp(size, spread, causal));
    // a single query that sees its first key only
    cases.add(causal && size.queries == 1 ? vjp.vanishing("dq", "dk") : vjp);
  }

  private static Kernel.Attention attention(Heads size, double spread, boolean causal) {
    Draw draw = new Draw(size.d);
    int width = size.heads * size.d;
    Tensor q = draw.normalAround(0, spread, size.batch, size.queries, width);
    return new Kernel.Attention(
        q,
        draw.normalAround(0, spread, size.batch, size.keys, width),
        draw.normal(size.batch, size.keys, width),
        Draw.emptyLike(q),
        Draw.empty(size.batch, size.heads, size.queries),
        size.heads,
        1 / Math.sqrt(size.d),
        causal);
  }

  private static Kernel attentionVjp(Heads size, double spread, boolean causal) {
    Kernel.Attention forward = attention(size, spread, causal);
    Tensor q = forward.q();
    return new Kernel.AttentionVjp(
        q,
        forward.k(),
        forward.v(),
        Draw.after(forward, forward.y()),
        Draw.after(forward, forward.logSumExp()),
        new Draw(-1).normal(q.shape().toArray()),
        Draw.emptyLike(q),
        Draw.emptyLike(forward.k()),
        Draw.emptyLike(forward.v()),
        size.heads,
        forward.scale(),
        causal);
  }
}
