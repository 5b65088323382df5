package dev.azimuth.app;

import dev.azimuth.diffusion.DdimSchedule;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.Sampling;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.diffusion.checkpoint.Checkpoint;
import dev.azimuth.metrics.Psnr;
import dev.azimuth.nn.Parameters.Storage;
import dev.azimuth.tensor.Backend;
import dev.azimuth.views.Image;
import dev.azimuth.views.RelativePose;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One new view under many settings. */
@Command(
    name = "sweep",
    description = {
      "One new view at each guidance scale and number of steps, on one sheet: a row for each scale,"
          + " a column for each number of steps, all from the same noise.",
      "With --truth each has its PSNR, and the best is printed."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class SweepCommand implements Callable<Integer> {
  private static final int MOST = 64;
  private static final int CELL = 128;

  @Mixin private PhotographOptions photograph;

  @Option(
      names = "--elevation",
      defaultValue = "0",
      paramLabel = "D",
      description = "Degrees that the camera moves up (default: ${DEFAULT-VALUE}).")
  private double elevation;

  @Option(
      names = "--azimuth",
      defaultValue = "0",
      paramLabel = "D",
      description = "Degrees that the camera moves to its right (default: ${DEFAULT-VALUE}).")
  private double azimuth;

  @Option(
      names = "--radius",
      defaultValue = "0",
      paramLabel = "R",
      description = "How far the camera moves away (default: ${DEFAULT-VALUE}).")
  private double radius;

  @Option(
      names = "--scales",
      split = ",",
      defaultValue = "1,3,5,7",
      paramLabel = "S",
      description = "Guidance scales, 1 is none (default: ${DEFAULT-VALUE}).")
  private List<Double> scales;

  @Option(
      names = "--steps",
      split = ",",
      defaultValue = "10,25,50,75",
      paramLabel = "N",
      description = "Numbers of denoising steps (default: ${DEFAULT-VALUE}).")
  private List<Integer> steps;

  @Option(
      names = "--truth",
      paramLabel = "F",
      description = "The picture that the true camera took, for PSNR.")
  private @Nullable Path truth;

  @Option(names = "--out", required = true, paramLabel = "F.png", description = "The sheet.")
  private Path out;

  @Option(
      names = "--model",
      paramLabel = "M",
      description = "A model in any layout (default: the bundled models/mini).")
  private Path model = ModelOptions.bundled();

  @Option(
      names = "--eta",
      description = "0 is deterministic DDIM, 1 has DDPM's noise (default: the model's).")
  private @Nullable Double eta;

  @Option(
      names = "--sampler",
      paramLabel = "reference|diffusers",
      description = "Which timesteps are used (default: the model's).")
  private DdimSchedule.@Nullable Rule sampler;

  @Option(names = "--seed", defaultValue = "0", description = "Seed (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Mixin private CheckpointOptions options;
  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() throws Exception {
    Arguments.within("--scales: their number", scales.size(), 1, MOST);
    Arguments.within("--steps: their number", steps.size(), 1, MOST);
    RelativePose move =
        RelativePose.ofDegrees(
            Arguments.finite("--elevation", elevation),
            Arguments.finite("--azimuth", azimuth),
            Arguments.finite("--radius", radius));
    Arguments.requireWritable(out);
    try (Backend backend = compute.open();
        Checkpoint checkpoint = options.open(model)) {
      List<Sampling> grid = grid(checkpoint.config().sampling(), checkpoint.config().schedule());
      int size = checkpoint.config().imageSize();
      List<float[]> conditions = photograph.conditions(size);
      float[] expected =
          truth == null
              ? null
              : Image.read(truth).over(Image.Background.WHITE).resized(size, size).toSignedRgb();
      List<double[]> poses = photograph.poses(checkpoint.config().pose(), move);
      Zero123 opened = checkpoint.load(backend, Storage.FLOAT32);
      List<Image> made = new ArrayList<>();
      for (Sampling sampling : grid) {
        made.addAll(
            new ViewSynthesis(opened, sampling)
                .run(List.of(new ViewSynthesis.Request(conditions, poses, seed))));
      }
      sheet(Image.ofSignedRgb(size, size, conditions.get(0)), made, expected).write(out);
      tellBest(grid, made, expected);
    }
    return 0;
  }

  /** Row by row; all of them are checked before the first picture is made. */
  private List<Sampling> grid(Sampling own, NoiseSchedule.Config noise) {
    NoiseSchedule schedule = new NoiseSchedule(noise);
    List<Sampling> grid = new ArrayList<>();
    for (double scale : scales) {
      for (int count : steps) {
        try {
          Sampling sampling =
              new Sampling(
                  sampler == null ? own.rule() : sampler,
                  count,
                  scale,
                  eta == null ? own.eta() : eta);
          DdimSchedule.of(schedule, sampling.rule(), sampling.steps(), sampling.eta());
          grid.add(sampling);
        } catch (IllegalArgumentException e) {
          // "steps: must be ...": the values are named as the options are
          throw new IllegalArgumentException(
              "--" + String.valueOf(e.getMessage()).replaceFirst("^scale:", "scales:"), e);
        }
      }
    }
    return grid;
  }

  private ContactSheet sheet(Image input, List<Image> made, float @Nullable [] expected)
      throws IOException {
    ContactSheet sheet =
        new ContactSheet(
            "azimuth sweep: %s, azimuth %+.0f°, elevation %+.0f°"
                .formatted(photograph.name(), azimuth, elevation),
            CELL);
    List<Image> first = new ArrayList<>(List.of(input));
    List<String> names = new ArrayList<>(List.of("input"));
    if (expected != null) {
      first.add(Image.ofSignedRgb(input.width(), input.height(), expected));
      names.add("truth");
    }
    sheet.row(List.of(), first, names);
    for (int i = 0; i < scales.size(); i++) {
      List<String> captions = new ArrayList<>();
      List<Image> row = made.subList(i * steps.size(), (i + 1) * steps.size());
      for (int j = 0; j < row.size(); j++) {
        String ratio = expected == null ? "" : ", %.1f dB".formatted(psnr(row.get(j), expected));
        captions.add(steps.get(j) + " steps" + ratio);
      }
      sheet.row(List.of("guidance", "scale " + scales.get(i)), row, captions);
    }
    return sheet;
  }

  private static double psnr(Image made, float[] expected) {
    return Psnr.of(EvaluationReport.unit(made.toSignedRgb()), EvaluationReport.unit(expected), 1);
  }

  private void tellBest(List<Sampling> grid, List<Image> made, float @Nullable [] expected) {
    if (expected == null) {
      System.out.printf("%s: %d views%n", out, made.size());
      return;
    }
    int best = 0;
    for (int i = 1; i < made.size(); i++) {
      best = psnr(made.get(i), expected) > psnr(made.get(best), expected) ? i : best;
    }
    System.out.printf(
        "%s: %d views; nearest to the truth, %.2f dB: guidance scale %s, %d steps%n",
        out,
        made.size(),
        psnr(made.get(best), expected),
        grid.get(best).scale(),
        grid.get(best).steps());
  }
}
