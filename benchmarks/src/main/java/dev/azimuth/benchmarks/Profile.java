package dev.azimuth.benchmarks;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Conv2dGeometry;
import dev.azimuth.tensor.ForwardingBackend;
import dev.azimuth.tensor.Kernel;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A backend that times every kernel it passes on to another. */
final class Profile extends ForwardingBackend {
  private static final int MOST_ROWS = 24;

  private final Map<String, Spent> spent = new HashMap<>();

  /** What all kernels of one kind and size took. */
  private static final class Spent {
    private int calls;
    private double seconds;
    private KernelCost cost = new KernelCost(0, 0);

    void add(double time, KernelCost more) {
      calls++;
      seconds += time;
      cost = new KernelCost(cost.flops() + more.flops(), cost.bytes() + more.bytes());
    }
  }

  Profile(Backend backend) {
    super(backend);
  }

  @Override
  public void run(Kernel kernel) {
    long begin = System.nanoTime();
    super.run(kernel);
    synchronize();
    double seconds = 1e-9 * (System.nanoTime() - begin);
    spent
        .computeIfAbsent(label(kernel), _ -> new Spent())
        .add(seconds, KernelCost.of(List.of(kernel)));
  }

  /** Forgets what was timed so far. */
  void clear() {
    spent.clear();
  }

  /**
   * Where the time of {@code steps} equal steps went, per step: by kind, then the costliest sizes.
   *
   * @param seconds what a step took in all
   * @param peak GFLOP/s of independent multiply-adds
   */
  String markdown(int steps, double seconds, double peak) {
    Map<String, Spent> kinds = new TreeMap<>();
    double inKernels = 0;
    for (Map.Entry<String, Spent> entry : spent.entrySet()) {
      String kind = entry.getKey().split(" ", 2)[0];
      Spent s = entry.getValue();
      Spent all = kinds.computeIfAbsent(kind, _ -> new Spent());
      all.add(s.seconds, s.cost);
      all.calls += s.calls - 1;
      inKernels += s.seconds;
    }
    StringBuilder text = new StringBuilder();
    text.append("| kernel | calls | ms | share | GFLOP/s | of the peak | GB/s |\n");
    text.append("| --- | --- | --- | --- | --- | --- | --- |\n");
    rows(text, kinds, steps, seconds, peak, Integer.MAX_VALUE);
    text.append(
        "| between kernels | | %.1f | %.0f %% | | | |%n"
            .formatted(
                1e3 * (seconds - inKernels / steps), 100 * (1 - inKernels / steps / seconds)));
    text.append("\n| size | calls | ms | share | GFLOP/s | of the peak | GB/s |\n");
    text.append("| --- | --- | --- | --- | --- | --- | --- |\n");
    rows(text, spent, steps, seconds, peak, MOST_ROWS);
    return text.toString();
  }

  private static void rows(
      StringBuilder text,
      Map<String, Spent> table,
      int steps,
      double seconds,
      double peak,
      int most) {
    table.entrySet().stream()
        .sorted(Comparator.comparingDouble(e -> -e.getValue().seconds))
        .limit(most)
        .forEach(
            e -> {
              Spent s = e.getValue();
              double gflops = 1e-9 * s.cost.flops() / s.seconds;
              boolean isProduct = s.cost.flops() > 0;
              text.append(
                  "| %s | %d | %.2f | %.1f %% | %s | %s | %.1f |%n"
                      .formatted(
                          e.getKey(),
                          s.calls / steps,
                          1e3 * s.seconds / steps,
                          100 * s.seconds / steps / seconds,
                          isProduct ? "%.0f".formatted(gflops) : "",
                          isProduct ? "%.0f %%".formatted(100 * gflops / peak) : "",
                          1e-9 * s.cost.bytes() / s.seconds));
            });
  }

  private static String label(Kernel kernel) {
    String kind = kernel.getClass().getSimpleName();
    return kind
        + " "
        + switch (kernel) {
          case Kernel.Matmul k ->
              "%d× %d×%d×%d".formatted(k.aOffsets().length, k.m(), k.n(), k.k());
          case Kernel.Conv2d k -> size(k.geometry());
          case Kernel.Conv2dInputVjp k -> size(k.geometry());
          case Kernel.Conv2dWeightVjp k -> size(k.geometry());
          case Kernel.Attention k -> k.q().shape() + " " + k.k().shape() + " heads " + k.heads();
          case Kernel.AttentionVjp k -> k.q().shape() + " " + k.k().shape() + " heads " + k.heads();
          case Kernel.GroupNorm k -> k.x().shape() + (k.silu() ? " SiLU" : "");
          case Kernel.LayerNorm k -> k.x().shape().toString();
          case Kernel.Geglu k -> k.x().shape().toString();
          case Kernel.Binary k -> k.function() + " " + k.a().shape() + " " + k.b().shape();
          case Kernel.Copy k -> k.x().shape() + " to " + k.y().shape();
          case Kernel.Unary k -> k.function() + " " + k.x().shape();
          default -> "";
        };
  }

  private static String size(Conv2dGeometry g) {
    return "%d×%d×%d×%d to %d, %d×%d, stride %d"
        .formatted(
            g.batch(),
            g.height(),
            g.width(),
            g.inChannels(),
            g.outChannels(),
            g.kernelHeight(),
            g.kernelWidth(),
            g.stride().vertical());
  }
}
