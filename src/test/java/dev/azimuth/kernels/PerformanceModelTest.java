package dev.azimuth.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.kernels.PerformanceTable.Column;
import dev.azimuth.kernels.PerformanceTable.Sense;
import dev.azimuth.kernels.emulator.Counters;
import dev.azimuth.kernels.emulator.EmulatedDriver;
import dev.azimuth.kernels.emulator.PtxAssembler;
import dev.azimuth.tensor.file.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Writes {@code kernels/PERFORMANCE.md} and holds it: no figure may get worse, and the file says
 * what is. {@code -Dazimuth.performance=write} writes it anew, after a look at what got worse.
 */
final class PerformanceModelTest {
  private static final Path FILE = Path.of("../../kernels/PERFORMANCE.md");
  private static final String WRITE = "azimuth.performance";
  private static final List<String> TARGETS = List.of("sm_80", "sm_86", "sm_89", "sm_90");

  private static final String HEAD =
      """
      # The kernels by numbers

      A model, not a benchmark: no card was at hand. `PerformanceModelTest` writes this page from what NVIDIA's assembler
      (inside JCuda, CUDA 12.0) makes of the shipped PTX and from what the emulator counts while it runs the PTX, and fails
      where a figure gets worse than it stands here. `mvn test -Dtest=PerformanceModelTest -Dazimuth.performance=write` writes it anew.

      ## What the assembler makes

      Registers per thread, bytes that spill for want of registers on any of the targets, static and dynamic shared memory of
      a block, the machine code's bytes, and the resident warps over the most that fit. Dynamic shared memory is that of the task below.

      """;

  private static final String COUNTS =
      """

      ## What a task of the model's sizes does

      - **sectors**: bytes asked of global memory over the bytes of the 32-byte sectors touched.
      - **conflicts**: passes over shared memory's banks beyond those that the bytes need, per 100 warp instructions.
      - **instructions**: thread instructions of PTX per multiply-add that the task needs (×, the least of any algorithm with its
        number of products) or per element that it makes or joins (el). A multiply-add in float32 is itself one; in `mma.sync` a
        thread does 16 to 64 with one.
      - **intensity**: float operations per byte moved between L2 and the multiprocessors.
      - **bound**: what the kernel waits for if the device is full and latency hidden: device memory (as if L2 kept nothing), arithmetic, or
        issue of one instruction per clock and quarter; and how much of the peak rate of its multiply-adds, or of the bandwidth for its
        useful bytes, is left there. A100: 108 multiprocessors of 64 float32 lanes at 1.41 GHz, 1555 GB/s. H100: 132 of 128 at 1.98 GHz, 3352 GB/s.

      """;

  private final PerformanceTable made =
      new PerformanceTable(
          new Column("registers sm_80", Sense.NEITHER),
          new Column("86", Sense.NEITHER),
          new Column("89", Sense.NEITHER),
          new Column("90", Sense.NEITHER),
          new Column("spills", Sense.WORSE),
          new Column("shared", Sense.NEITHER),
          new Column("code sm_80", Sense.NEITHER),
          new Column("sm_90", Sense.NEITHER),
          new Column("occupancy A100", Sense.BETTER),
          new Column("H100", Sense.BETTER));

  private final PerformanceTable done =
      new PerformanceTable(
          new Column("task", Sense.NEITHER),
          new Column("sectors", Sense.BETTER),
          new Column("conflicts", Sense.WORSE),
          new Column("instructions", Sense.WORSE),
          new Column("intensity", Sense.NEITHER),
          new Column("bound A100", Sense.NEITHER),
          new Column("of peak A100", Sense.BETTER),
          new Column("bound H100", Sense.NEITHER),
          new Column("of peak H100", Sense.BETTER));

  @Test
  void thePageSaysWhatIsAndNothingGotWorse() throws IOException {
    Map<String, Integer> dynamicShared = new TreeMap<>();
    for (ModelWorkload workload : ModelWorkload.all()) {
      run(workload, dynamicShared);
    }
    assemble(dynamicShared);
    String page = HEAD + made.text() + COUNTS + done.text() + unrun();
    String earlier = Files.exists(FILE) ? Files.readString(FILE) : "";
    List<String> worse = new ArrayList<>(made.worseThan(earlier));
    worse.addAll(done.worseThan(earlier));
    if ("write".equals(System.getProperty(WRITE))) {
      AtomicFile.writeString(FILE, page);
      worse.forEach(System.out::println);
      return;
    }
    assertEquals(List.of(), worse, "worse than kernels/PERFORMANCE.md says");
    assertEquals(
        "none",
        ShippedPtx.firstDifference(page, earlier),
        "kernels/PERFORMANCE.md is stale: write it anew with -D" + WRITE + "=write");
  }

  /** A ratchet that never holds is none. */
  @Test
  void aWorseFigureIsNamed() {
    PerformanceTable table = new PerformanceTable(new Column("spills", Sense.WORSE));
    table.put("f", "4");
    assertEquals(List.of("f: spills was 0, now 4"), table.worseThan("| `f` | 0 |\n"));
    assertEquals(List.of(), table.worseThan("| `f` | 8 |\n"));
    PerformanceTable share = new PerformanceTable(new Column("occupancy", Sense.BETTER));
    share.put("f", "50 %");
    assertEquals(List.of("f: occupancy was 75 %, now 50 %"), share.worseThan("| `f` | 75 % |\n"));
  }

  private void run(ModelWorkload workload, Map<String, Integer> dynamicShared) {
    EmulatedDriver emulator = new EmulatedDriver(1L << 30);
    try (CudaBackend cuda = new CudaBackend("cuda:0", emulator, workload.options())) {
      cuda.run(workload.kernel().apply(cuda));
      cuda.synchronize();
    }
    assertTrue(emulator.findings().isEmpty(), () -> workload.label() + emulator.findings());
    emulator.counters().forEach((entry, did) -> count(workload, entry, did, dynamicShared));
  }

  private void count(
      ModelWorkload workload, String entry, Counters did, Map<String, Integer> dynamicShared) {
    dynamicShared.merge(entry, did.dynamicSharedBytes(), Math::max);
    if (done.has(entry)) {
      return;
    }
    double products = workload.multiplyAdds(entry);
    double unit = products > 0 ? products : workload.results();
    Gpu.Roof a100 = Gpu.A100.roof(did, products);
    Gpu.Roof h100 = Gpu.H100.roof(did, products);
    done.put(
        entry,
        workload.label(),
        percent(did.sectorEfficiency()),
        String.format(
            Locale.ROOT, "%.1f", 100.0 * did.totalBankConflicts() / did.warpInstructions()),
        String.format(
            Locale.ROOT, "%.2f %s", did.threadInstructions() / unit, products > 0 ? "×" : "el"),
        String.format(Locale.ROOT, "%.2f", did.floatOperations() / (32.0 * did.totalSectors())),
        a100.limit(),
        percent(a100.share()),
        h100.limit(),
        percent(h100.share()));
  }

  private void assemble(Map<String, Integer> dynamicShared) {
    Map<String, Map<String, PtxAssembler.Usage>> usages = new TreeMap<>();
    TARGETS.forEach(target -> usages.put(target, ShippedPtx.assembled(target)));
    for (KernelSpec spec : ShippedPtx.specs()) {
      String entry = spec.entry();
      int dynamic = dynamicShared.getOrDefault(entry, 0);
      List<PtxAssembler.Usage> of = TARGETS.stream().map(t -> usages.get(t).get(entry)).toList();
      PtxAssembler.Usage oldest = of.getFirst();
      PtxAssembler.Usage newest = of.getLast();
      made.put(
          entry,
          Integer.toString(oldest.registers()),
          Integer.toString(of.get(1).registers()),
          Integer.toString(of.get(2).registers()),
          Integer.toString(newest.registers()),
          Integer.toString(of.stream().mapToInt(PtxAssembler.Usage::spillBytes).max().orElse(0)),
          dynamic == 0
              ? Integer.toString(oldest.sharedBytes())
              : "%d + %d".formatted(oldest.sharedBytes(), dynamic),
          Integer.toString(oldest.codeBytes()),
          Integer.toString(newest.codeBytes()),
          percent(Gpu.A100.occupancy(oldest, spec.blockSize(), dynamic)),
          percent(Gpu.H100.occupancy(newest, spec.blockSize(), dynamic)));
    }
  }

  /** Kernels that no task launches. */
  private String unrun() {
    List<String> unrun =
        ShippedPtx.specs().stream()
            .map(KernelSpec::entry)
            .filter(entry -> !done.has(entry))
            .sorted()
            .toList();
    return unrun.isEmpty()
        ? ""
        : "\nNo task here launches %s.\n".formatted(String.join(", ", unrun));
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }
}
