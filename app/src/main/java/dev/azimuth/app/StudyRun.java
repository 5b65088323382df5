package dev.azimuth.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.azimuth.diffusion.ConditionerConfig;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.ViewEncoder;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.diffusion.training.EncodedSet;
import dev.azimuth.diffusion.training.StageListener;
import dev.azimuth.diffusion.training.TrainingRun;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.views.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * Trains and evaluates every variant from every seed, all first from the first seed, so that a
 * study that is stopped has compared as much as it could. What is on disk is not done again: {@code
 * shared/} holds the frozen stages, {@code VARIANT/seed-N/} a training, the pictures that were made
 * from its model ({@code views-n.png}) and what was measured of that file ({@code views-n.json}).
 */
final class StudyRun {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Backend backend;
  private final StudyConfig config;
  private final DatasetViews train;
  private final StudyTrials trials;
  private final Path folder;
  private @Nullable EncodedSet encoded;

  /**
   * A study in a folder, which may hold a part of it.
   *
   * @throws IOException if the folder holds another study
   */
  StudyRun(Backend backend, StudyConfig config, DatasetViews train, StudyTrials trials, Path folder)
      throws IOException {
    this.backend = backend;
    this.config = config;
    this.train = train;
    this.trials = trials;
    this.folder = folder;
    Path stored = folder.resolve("study.config.json");
    if (!Files.exists(stored)) {
      Files.createDirectories(folder);
      Configuration.write(stored, config);
    } else if (!Configuration.read(stored, StudyConfig.class).equals(config)) {
      throw new IOException(
          folder + ": holds another study: its study.config.json differs from the one given");
    }
  }

  /** One of the trainings. */
  record Training(StudyConfig.Variant variant, long seed, Path folder) {
    Path grid(int views) {
      return folder.resolve("views-" + views + ".png");
    }

    private Path scores(int views) {
      return folder.resolve("views-" + views + ".json");
    }

    /** The losses of its steps. */
    double[] losses() throws IOException {
      return LossChart.read(folder.resolve("noise_prediction-loss.csv"));
    }

    private Path time() {
      return folder.resolve("time.json");
    }
  }

  /**
   * How long a step takes.
   *
   * @param median milliseconds
   * @param steps of which it is the median: those since the last start
   */
  record StepTime(double median, int steps) {}

  /** All trainings, in the order in which they are done. */
  List<Training> trainings() {
    List<Training> all = new ArrayList<>();
    for (long seed : config.seeds()) {
      for (StudyConfig.Variant variant : config.variants()) {
        Path own = folder.resolve(variant.name()).resolve("seed-" + seed);
        all.add(new Training(variant, seed, own));
      }
    }
    return all;
  }

  /**
   * Trains and measures what isn't yet.
   *
   * @return all that was measured, now or earlier
   * @throws IOException if a file can't be read or written
   */
  List<StudyScores> run() throws IOException {
    List<StudyScores> all = new ArrayList<>();
    for (Training training : trainings()) {
      train(training);
      all.addAll(evaluate(training));
    }
    return all;
  }

  private void train(Training training) throws IOException {
    if (Files.exists(training.folder.resolve("noise_prediction.safetensors"))) {
      return;
    }
    System.err.println("azimuth: training " + training.variant.name() + ", seed " + training.seed);
    try (TrainingBars bars = new TrainingBars(training.folder)) {
      EncodedSet data = encoded();
      Stopwatch stopwatch = new Stopwatch(bars);
      new TrainingRun(
              backend,
              config.training(training.variant, training.seed),
              train,
              training.folder,
              true)
          .run(data, stopwatch);
      AtomicFile.write(training.time(), JSON.writeValueAsBytes(stopwatch.time()));
    }
  }

  private EncodedSet encoded() throws IOException {
    if (encoded == null) {
      Path shared = folder.resolve("shared");
      boolean readsPatches =
          config.variants().stream()
              .anyMatch(v -> v.conditioner().detail() == ViewEncoder.Detail.PATCHES);
      try (TrainingBars bars = new TrainingBars(shared)) {
        encoded =
            new TrainingRun(backend, config.training(), train, shared, true)
                .encode(
                    readsPatches ? ViewEncoder.Detail.PATCHES : ViewEncoder.Detail.POOLED, bars);
      }
    }
    return encoded;
  }

  private List<StudyScores> evaluate(Training training) throws IOException {
    List<StudyScores> all = new ArrayList<>();
    @Nullable Zero123 model = null;
    for (int views : training.variant.views()) {
      Path file = training.scores(views);
      if (!Files.exists(file)) {
        model = model == null ? open(training) : model;
        if (!Files.exists(training.grid(views))) {
          List<Image> made =
              new ViewSynthesis(model, model.config().sampling())
                  .run(trials.requests(views, config.evaluation().seed()));
          PictureGrid.write(training.grid(views), made, trials.perObject());
        }
        // what is measured is the file, so that anyone can measure it again
        int size = model.config().imageSize();
        StudyScores scores =
            StudyScores.of(
                training.variant.name(),
                training.seed,
                views,
                trials,
                PictureGrid.read(training.grid(views), trials.all().size(), size),
                model.conditioner().encoder(),
                size);
        AtomicFile.write(file, JSON.writeValueAsBytes(scores));
      }
      all.add(JSON.readValue(file.toFile(), StudyScores.class));
    }
    return all;
  }

  /** The model that a training made. */
  Zero123 open(Training training) throws IOException {
    return Zero123.open(backend, training.folder.resolve("model"));
  }

  /** How long a training's steps took. */
  StepTime time(Training training) throws IOException {
    return JSON.readValue(training.time().toFile(), StepTime.class);
  }

  /**
   * What guesses without any network reach: the nearest condition view as it is, for each number of
   * views, and the mean of all training pictures.
   */
  List<StudyScores> baselines() throws IOException {
    Zero123 model = open(trainings().get(0));
    ViewEncoder encoder = model.conditioner().encoder();
    int size = model.config().imageSize();
    List<StudyScores> all = new ArrayList<>();
    List<Integer> counts =
        config.variants().stream().flatMap(v -> v.views().stream()).distinct().sorted().toList();
    for (int count : counts) {
      List<float[]> nearest = trials.all().stream().map(t -> trials.nearest(t, count)).toList();
      all.add(StudyScores.of("nearest-input", 0, count, trials, nearest, encoder, size));
    }
    float[] mean = train.meanPicture();
    List<float[]> means = trials.all().stream().map(_ -> mean).toList();
    all.add(StudyScores.of("mean-picture", 0, 1, trials, means, encoder, size));
    return all;
  }

  /**
   * What the collapsed path is worth on the weights of the first variant that stacks the published
   * token alone; null if there is none.
   */
  @Nullable CollapsedPath collapsedPath() throws IOException {
    ConditionerConfig attended =
        new ConditionerConfig.Stacked(List.of(ConditionerConfig.Token.FUSED));
    for (Training training : trainings()) {
      if (training.variant.conditioner().equals(attended)) {
        ModelConfig model = config.training(training.variant, training.seed).model();
        return CollapsedPath.measure(
            backend,
            training.folder.resolve("model"),
            trials.requests(1, 0).subList(0, 1).get(0),
            model.unet().contextDim());
      }
    }
    return null;
  }

  /** Times steps on their way to another listener. */
  private static final class Stopwatch implements StageListener {
    private final StageListener next;
    private final DoubleStream.Builder times = DoubleStream.builder();
    private long last;

    Stopwatch(StageListener next) {
      this.next = next;
    }

    @Override
    public void begins(String stage, long from, long steps) {
      next.begins(stage, from, steps);
      last = System.nanoTime();
    }

    @Override
    public void step(long step, double loss) {
      next.step(step, loss);
      long now = System.nanoTime();
      times.add((now - last) / 1e6);
      last = now;
    }

    @Override
    public void encoded(int done, int all) {
      next.encoded(done, all);
    }

    StepTime time() {
      double[] sorted = times.build().sorted().toArray();
      return new StepTime(
          sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2], sorted.length);
    }
  }
}
