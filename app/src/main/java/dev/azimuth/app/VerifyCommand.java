package dev.azimuth.app;

import dev.azimuth.app.replay.Replay;
import dev.azimuth.app.replay.ReplayComparison;
import dev.azimuth.app.replay.ReplayKind;
import dev.azimuth.app.replay.ReplayKinds;
import dev.azimuth.app.replay.ReplayRecord;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Backend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Records of the reference implementation, computed again and compared. */
@Command(
    name = "verify",
    description = {
      "Computes records of the reference implementation again and compares.",
      "For each output and gradient a line: its relative error |got - expected| / |expected|, the"
          + " record's tolerance, and ok or MISS. Where all of the expected is zero, an output must"
          + " be too, and a gradient is held against the record's largest gradient or cotangent;"
          + " integers must be equal. A record is a safetensors file with its kind, configuration"
          + " and tolerance among its metadata."
    },
    exitCodeListHeading = "Exit status:%n",
    exitCodeList = {
      "0:everything is within its tolerance",
      "1:an output or gradient misses",
      "2:a record can't be read or computed, or is of no known kind; the others were run"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class VerifyCommand implements Callable<Integer> {
  /** From this many elements on, drawing the weights takes long enough to show progress. */
  private static final long MANY = 1 << 24;

  private static final int STATUS_MISSED = 1;
  private static final int STATUS_REFUSED = 2;

  @ParentCommand private Main main;
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "RECORD", arity = "1..*", description = "Files KIND--CASE.safetensors.")
  private List<Path> files;

  @Option(
      names = "--collapse",
      description =
          "Where a network is told one token, take the path without attention, as synthesis does,"
              + " instead of the reference's.")
  private boolean isCollapsing;

  @Option(
      names = "--vocabulary",
      paramLabel = "F",
      description = "CLIP's bpe_simple_vocab_16e6.txt.gz (default: that of Azimuth's tests).")
  private Path vocabulary = Replay.OWN_VOCABULARY;

  @Mixin private ComputeOptions compute;

  /** How a record fared. */
  private enum Outcome {
    PASSED,
    MISSED,
    REFUSED
  }

  @Override
  public Integer call() {
    Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
    List<ReplayComparison> all = new ArrayList<>();
    try (Backend backend = compute.open()) {
      for (Path file : files) {
        outcomes.merge(verify(file, backend, all), 1, Integer::sum);
      }
    }
    int missed = outcomes.getOrDefault(Outcome.MISSED, 0);
    int refused = outcomes.getOrDefault(Outcome.REFUSED, 0);
    long ok = all.stream().filter(ReplayComparison::passes).count();
    System.out.printf(
        "%d records: %d ok, %d missed, %d refused; %d of %d outputs and gradients ok%n",
        files.size(), outcomes.getOrDefault(Outcome.PASSED, 0), missed, refused, ok, all.size());
    if (refused > 0) {
      return STATUS_REFUSED;
    }
    return missed > 0 ? STATUS_MISSED : 0;
  }

  private Outcome verify(Path file, Backend backend, List<ReplayComparison> all) {
    try {
      ReplayRecord record = ReplayRecord.read(file);
      ReplayKind kind = ReplayKinds.of(record);
      System.out.printf("%s%n", record.name());
      List<ReplayComparison> comparisons = replay(record, kind, backend);
      int width = comparisons.stream().mapToInt(c -> c.tensor().length()).max().orElse(0);
      comparisons.forEach(comparison -> System.out.println("  " + comparison.line(width)));
      all.addAll(comparisons);
      return comparisons.stream().allMatch(ReplayComparison::passes)
          ? Outcome.PASSED
          : Outcome.MISSED;
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      main.refuse(file, e, spec.commandLine());
      return Outcome.REFUSED;
    }
  }

  private List<ReplayComparison> replay(ReplayRecord record, ReplayKind kind, Backend backend) {
    ParameterSource weights = record.weights();
    long elements = weights.names().stream().mapToLong(w -> weights.shape(w).size()).sum();
    var path = isCollapsing ? Replay.COLLAPSING : Replay.ATTENDING;
    if (elements < MANY) {
      return new Replay(record, backend, new Replay.Setting(path, vocabulary, () -> {})).run(kind);
    }
    int count = weights.names().size();
    AtomicLong taken = new AtomicLong();
    try (Progress progress = new Progress(record.name() + ", weights", count)) {
      Runnable onWeight =
          () -> {
            if (taken.incrementAndGet() == count) {
              progress.note("computing");
            }
            progress.to(taken.get());
          };
      return new Replay(record, backend, new Replay.Setting(path, vocabulary, onWeight)).run(kind);
    }
  }
}
