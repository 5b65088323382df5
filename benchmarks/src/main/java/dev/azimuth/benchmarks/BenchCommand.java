package dev.azimuth.benchmarks;

import dev.azimuth.benchmarks.TorchScript.ImageLayout;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Entry point of {@code ./azimuth bench}. */
@Command(
    name = "azimuth bench",
    mixinStandardHelpOptions = true,
    description =
        "Times ours beside libtorch on the same data, in turns, and prints the ratios of their"
            + " medians, below 1 where ours is faster.")
public final class BenchCommand implements Callable<Integer> {
  // the families whose backward passes are held against bounds in the full run and the quick one
  private static final Set<Family> BACKWARD =
      EnumSet.of(Family.MATMUL, Family.CONVOLUTION_3X3, Family.SELF_ATTENTION);

  private static final double PROFILE_WARM_UP = 6; // seconds
  private static final int PROFILED = 5; // calls after it

  private static final Scale FULL =
      new Scale(Alternation.FULL, new Alternation(5, 0.1, 1), 5, 50, Integer.MAX_VALUE);
  private static final Scale QUICK =
      new Scale(Alternation.QUICK, new Alternation(2, 0.1, 0), 1, 5, 2);

  @Option(names = "--quick", description = "Few sizes and rounds: ten minutes on two cores.")
  private boolean isQuick;

  @Option(
      names = "--json",
      defaultValue = "bench.json",
      paramLabel = "F",
      description = "The results; a chart goes beside them, F.png (default: ${DEFAULT-VALUE}).")
  private Path json = Path.of("bench.json");

  @Option(
      names = "--only",
      paramLabel = "TEXT",
      description = "Only workloads whose family or name contains it: matmul, UNet, 32×320.")
  private String only = "";

  @Option(
      names = "--threads",
      split = ",",
      paramLabel = "N,N",
      description = "Numbers of threads to time with (default: all cores, and 1).")
  private List<Integer> threads = new ArrayList<>();

  @Option(
      names = "--profile",
      description = "Instead: where the time of our networks goes, kernel by kernel.")
  private boolean isProfile;

  @Option(
      names = "--errors",
      description = "Instead: rounding errors of both sides against the float64 oracle.")
  private boolean isErrors;

  private final Map<Workload, ImageLayout> layouts = new HashMap<>();
  private final Map<Integer, Double> peaks = new TreeMap<>();
  private final List<BenchReport.Row> rows = new ArrayList<>();

  private BenchCommand() {}

  /**
   * How thorough a run is.
   *
   * @param most operations of a family
   */
  private record Scale(
      Alternation operations, Alternation networks, int commandRounds, int steps, int most) {}

  /** One workload with one number of threads; what it's about to take, in any unit. */
  private record Job(@Nullable Workload workload, int threads, double expected) {}

  /** Runs the command and exits with its status: 0 only on success. */
  public static void main(String[] args) {
    BenchCommand command = new BenchCommand();
    System.exit(
        new CommandLine(command)
            .setExecutionExceptionHandler(
                (e, line, _) -> {
                  line.getErr().println("azimuth: bench: " + e.getMessage());
                  return CommandLine.ExitCode.SOFTWARE;
                })
            .execute(args));
  }

  @Override
  public Integer call() throws IOException {
    Path home = Path.of(System.getProperty("azimuth.home", "."));
    Scale scale = isQuick ? QUICK : FULL;
    if (isErrors) {
      errors(new Workloads(config(home, "full-size")).samples(scale.most));
      return 0;
    }
    List<Job> jobs = jobs(home, scale);
    if (jobs.isEmpty()) {
      throw new IllegalArgumentException("no workload has \"%s\" in its name".formatted(only));
    }
    for (int count : threadCounts()) {
      peaks.put(count, FmaPeak.gflops(count));
    }
    if (isProfile) {
      jobs.forEach(this::profile);
      return 0;
    }
    double expected = jobs.stream().mapToDouble(Job::expected).sum();
    double done = 0;
    int failures = 0;
    long begin = System.nanoTime();
    for (int i = 0; i < jobs.size(); i++) {
      Job job = jobs.get(i);
      double left = 1e-9 * (System.nanoTime() - begin) / Math.max(done, 1) * (expected - done);
      String remaining = i == 0 ? "" : ", %d:%02d left".formatted((int) left / 60, (int) left % 60);
      Workload workload = job.workload;
      System.err.printf(
          "bench: %d of %d%s: %s, %d threads%n",
          i + 1,
          jobs.size(),
          remaining,
          workload == null
              ? Family.COMMAND.title()
              : workload.family().title() + " " + workload.name(),
          job.threads);
      try {
        rows.add(workload == null ? synthesis(home, job, scale) : duel(workload, job, scale));
      } catch (IOException | IllegalStateException e) {
        failures++; // the others' minutes are not thrown away for it
        System.err.println("bench: left out: " + e.getMessage());
      }
      done += job.expected;
    }
    rows.sort(Comparator.comparingInt(BenchReport.Row::threads)); // stable: else as they ran
    BenchReport report = BenchReport.of(commandLine(), peaks, rows);
    report.write(json);
    RatioChart.write(report, chart());
    System.out.println(report.markdown());
    return failures == 0 ? 0 : 1;
  }

  private Path chart() {
    String name = String.valueOf(json.getFileName()).replaceFirst("\\.json$", "");
    return json.resolveSibling(name + ".png");
  }

  private String commandLine() {
    StringBuilder line = new StringBuilder("./azimuth bench");
    line.append(isQuick ? " --quick" : "");
    line.append(only.isEmpty() ? "" : " --only " + only);
    if (!threads.isEmpty()) {
      line.append(" --threads ")
          .append(String.join(",", threads.stream().map(String::valueOf).toList()));
    }
    return line.append(" --json ").append(json.getFileName()).toString();
  }

  /** All cores first: that is the faster way to learn how libtorch has its images. */
  private List<Integer> threadCounts() {
    Set<Integer> all = new TreeSet<>(threads);
    if (all.isEmpty()) {
      all.addAll(List.of(1, Runtime.getRuntime().availableProcessors()));
    }
    return new ArrayList<>(all).reversed();
  }

  private List<Job> jobs(Path home, Scale scale) throws IOException {
    ModelConfig full = config(home, "full-size");
    Workloads workloads = new Workloads(full);
    List<Workload> all = new ArrayList<>();
    List<Workload> operations = workloads.operations(scale.most);
    all.addAll(operations);
    for (Workload operation : operations) {
      if (!isQuick || BACKWARD.contains(operation.family())) {
        all.add(operation.backward());
      }
    }
    all.addAll(workloads.networks());
    all.add(workloads.levelTraining());
    all.add(new Workloads(config(home, "mini")).training());
    List<Job> jobs = new ArrayList<>();
    for (int count : threadCounts()) {
      for (Workload workload : all) {
        if ((workload.family().title() + " " + workload.name()).contains(only)) {
          jobs.add(new Job(workload, count, workload.family().isOperation() ? 1.5 : 60));
        }
      }
      if (Family.COMMAND.title().contains(only)) {
        jobs.add(new Job(null, count, scale.commandRounds * (100 + 8.0 * scale.steps)));
      }
    }
    return jobs;
  }

  private static ModelConfig config(Path home, String model) throws IOException {
    Path file = home.resolve("models").resolve(model).resolve("config.json");
    return Configuration.read(file, ModelConfig.class);
  }

  private void errors(List<Workload> workloads) {
    System.out.println("| family | workload | ours | with --exact | libtorch | ours / libtorch |");
    System.out.println("| --- | --- | --- | --- | --- | --- |");
    for (Workload workload : workloads) {
      if ((workload.family().title() + " " + workload.name()).contains(only)) {
        RoundingErrors e = RoundingErrors.of(workload, threadCounts().get(0));
        System.out.printf(
            "| %s | %s | %.1e | %.1e | %.1e | %.2f |%n",
            workload.family().title(),
            workload.name(),
            e.ours(),
            e.exact(),
            e.libtorch(),
            e.ratio());
      }
    }
  }

  private void profile(Job job) {
    Workload workload = job.workload;
    if (workload == null || workload.family().isOperation()) {
      return;
    }
    try (Profile profile = new Profile(CpuBackend.simd(job.threads))) {
      OurSide ours = new OurSide(workload, profile);
      double first = Alternation.batch(ours::run, 1);
      Alternation.secondsPerCall(ours::run, PROFILE_WARM_UP);
      profile.clear();
      long begin = System.nanoTime();
      for (int i = 0; i < PROFILED; i++) {
        ours.run();
      }
      double seconds = 1e-9 * (System.nanoTime() - begin) / PROFILED;
      double peak = Objects.requireNonNull(peaks.get(job.threads));
      System.out.printf(
          "### %s, %d threads: %.0f ms, the first call %.0f ms%n%n%s%n",
          workload.name(),
          job.threads,
          1e3 * seconds,
          1e3 * first,
          profile.markdown(PROFILED, seconds, peak));
    }
  }

  private BenchReport.Row duel(Workload workload, Job job, Scale scale) {
    System.gc(); // the last one's tensors: none of it in this one's times
    boolean isOperation = workload.family().isOperation();
    Alternation alternation = isOperation ? scale.operations : scale.networks;
    try (Duel duel = new Duel(workload, job.threads, Optional.ofNullable(layouts.get(workload)))) {
      layouts.put(workload, duel.layout());
      Alternation.Times times = alternation.time(duel::ours, duel::libtorch);
      return row(
          workload.family(),
          workload.pass(),
          workload.name(),
          job.threads,
          times,
          duel.cost(),
          duel.relativeError(),
          duel.layout());
    }
  }

  private BenchReport.Row synthesis(Path home, Job job, Scale scale) throws IOException {
    System.gc();
    ImageLayout layout =
        layouts.entrySet().stream()
            .filter(known -> known.getKey().name().startsWith("UNet step"))
            .map(Map.Entry::getValue)
            .findFirst()
            .orElse(ImageLayout.CHANNELS_LAST);
    try (Synthesis synthesis = new Synthesis(home, scale.steps, job.threads, layout)) {
      double[] ours = new double[scale.commandRounds];
      double[] libtorch = new double[scale.commandRounds];
      for (int round = 0; round < scale.commandRounds; round++) {
        ours[round] = Alternation.batch(synthesis::ours, 1);
        libtorch[round] = Alternation.batch(synthesis::libtorch, 1);
      }
      return row(
          Family.COMMAND,
          Workload.Pass.FORWARD,
          synthesis.name(),
          job.threads,
          new Alternation.Times(ours, libtorch),
          new KernelCost(0, 0),
          synthesis.relativeError(),
          layout);
    }
  }

  private BenchReport.Row row(
      Family family,
      Workload.Pass pass,
      String name,
      int count,
      Alternation.Times times,
      KernelCost cost,
      double error,
      ImageLayout layout) {
    double ours = Alternation.median(times.ours());
    double libtorch = Alternation.median(times.libtorch());
    double gflops = 1e-9 * cost.flops() / ours;
    return new BenchReport.Row(
        family.title(),
        pass.title(),
        name,
        count,
        times.ours().length,
        1e3 * ours,
        1e3 * libtorch,
        times.ratio(),
        gflops,
        1e-9 * cost.flops() / libtorch,
        gflops / Objects.requireNonNull(peaks.get(count)),
        1e-9 * cost.bytes() / ours,
        error,
        layout.name());
  }
}
