package dev.azimuth.benchmarks;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.tensor.file.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a run of the benchmarks found.
 *
 * @param command what was run
 * @param machine where
 * @param summaries for each family, pass and number of threads
 * @param rows for each workload
 */
record BenchReport(String command, Machine machine, List<Summary> summaries, List<Row> rows) {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  /**
   * Where it ran.
   *
   * @param peakGflops multiply-adds' limit as measured here, by number of threads
   */
  record Machine(
      String processor,
      int cores,
      String system,
      String jvm,
      int vectorBits,
      String peer,
      Map<Integer, Double> peakGflops) {
    /** This machine. */
    static Machine here(Map<Integer, Double> peakGflops) throws IOException {
      return new Machine(
          processorName(),
          Runtime.getRuntime().availableProcessors(),
          System.getProperty("os.name") + " " + System.getProperty("os.version"),
          System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
          FmaPeak.vectorBits(),
          "libtorch " + Torch.version(),
          peakGflops);
    }

    private static String processorName() throws IOException {
      String unknown = System.getProperty("os.arch");
      if (!Files.isReadable(PROCESSORS)) {
        return unknown;
      }
      return Files.readAllLines(PROCESSORS).stream()
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 2))
          .findFirst()
          .orElse(unknown);
    }
  }

  /**
   * One workload. Times are medians; rates are for the operations and bytes that the workload costs
   * at least, so that an algorithm with fewer may exceed the peak.
   */
  record Row(
      String family,
      String pass,
      String name,
      int threads,
      int rounds,
      double oursMs,
      double libtorchMs,
      double ratio,
      double oursGflops,
      double libtorchGflops,
      double oursShareOfPeak,
      double oursGbytesPerSecond,
      double relativeError,
      String libtorchLayout) {
    /** Whether it is more than an operation: such differ too much for a mean. */
    boolean isWhole() {
      return family.equals(Family.NETWORK.title()) || family.equals(Family.COMMAND.title());
    }
  }

  /** A family's geometric mean and worst ratio. */
  record Summary(
      String label,
      String family,
      String pass,
      int threads,
      int workloads,
      double ratio,
      double worst) {
    static Summary of(List<Row> rows) {
      Row first = rows.get(0);
      String what = rows.size() == 1 && first.isWhole() ? first.name : first.family;
      String label =
          first.pass.equals(Workload.Pass.BACKWARD.title()) ? what + ", " + first.pass : what;
      double logs = rows.stream().mapToDouble(row -> Math.log(row.ratio)).average().orElseThrow();
      double worst = rows.stream().mapToDouble(Row::ratio).max().orElseThrow();
      return new Summary(
          label, first.family, first.pass, first.threads, rows.size(), Math.exp(logs), worst);
    }
  }

  /** A report on these rows. */
  static BenchReport of(String command, Map<Integer, Double> peakGflops, List<Row> rows)
      throws IOException {
    Map<String, List<Row>> groups = new LinkedHashMap<>();
    for (Row row : rows) {
      String own = row.isWhole() ? row.name : "";
      groups
          .computeIfAbsent(
              "%s %s %s %d".formatted(row.family, own, row.pass, row.threads),
              _ -> new ArrayList<>())
          .add(row);
    }
    List<Summary> summaries = groups.values().stream().map(Summary::of).toList();
    return new BenchReport(command, Machine.here(new TreeMap<>(peakGflops)), summaries, rows);
  }

  /** Writes it as JSON. */
  void write(Path file) throws IOException {
    AtomicFile.writeString(file, Configuration.format(this) + "\n");
  }

  /** The tables of {@code docs/performance.md}. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("`%s`\n\n".formatted(command));
    text.append(
        "%s, %d cores, %s, %s, vectors of %d bits, %s; multiply-adds reach %s.\n\n"
            .formatted(
                machine.processor,
                machine.cores,
                machine.system,
                machine.jvm,
                machine.vectorBits,
                machine.peer,
                peaks()));
    text.append("| what | pass | threads | workloads | ours / libtorch | worst |\n");
    text.append("| --- | --- | --- | --- | --- | --- |\n");
    for (Summary s : summaries) {
      line(
          text,
          "| %s | %s | %d | %d | %.2f | %.2f |",
          s.label,
          s.pass,
          s.threads,
          s.workloads,
          s.ratio,
          s.worst);
    }
    text.append(
        "\n| family | pass | workload | threads | ours, ms | libtorch, ms | ratio | GFLOP/s | peak"
            + " | GB/s | error |\n");
    text.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (Row r : rows) {
      line(
          text,
          "| %s | %s | %s | %d | %.3g | %.3g | %.2f | %.0f | %.0f %% | %.1f | %.0e |",
          r.family,
          r.pass,
          r.name,
          r.threads,
          r.oursMs,
          r.libtorchMs,
          r.ratio,
          r.oursGflops,
          100 * r.oursShareOfPeak,
          r.oursGbytesPerSecond,
          r.relativeError);
    }
    return text.toString();
  }

  private String peaks() {
    List<String> peaks = new ArrayList<>();
    machine.peakGflops.forEach(
        (threads, peak) -> peaks.add("%.0f GFLOP/s on %d".formatted(peak, threads)));
    return String.join(", ", peaks);
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(format.formatted(values)).append('\n');
  }
}
