package dev.azimuth.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.azimuth.app.EvaluationReport.Guesses;
import dev.azimuth.app.EvaluationReport.Pair;
import dev.azimuth.app.MeasureOptions.Measures;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.Sampling;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.tensor.random.TorchRandom;
import dev.azimuth.views.Camera;
import dev.azimuth.views.DatasetSplit;
import dev.azimuth.views.Image;
import dev.azimuth.views.RelativePose;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures a model on objects that it has never seen. */
@Command(
    name = "evaluate",
    description = {
      "New views of a split's test objects measured beside two baselines: a single sample, the mean"
          + " of several, the input view repeated, the mean training picture. Every figure has its"
          + " 95 %% interval (bootstrap over objects), for all views and for front, side and back.",
      "PSNR and SSIM; LPIPS, FID, CLIP similarity and score where their published networks are"
          + " given; else similarity and Fréchet distance by our own encoder, under that name.",
      "Writes report.json and report.html, which holds its pictures itself."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class EvaluateCommand implements Callable<Integer> {
  @Option(names = "--data", required = true, paramLabel = "DIR", description = "The data set.")
  private Path data;

  @Option(names = "--split", required = true, paramLabel = "F", description = "Its split.")
  private Path split;

  @Option(
      names = "--objects",
      defaultValue = "1000",
      description = "At most so many test objects (default: all).")
  private int objects;

  @Option(
      names = "--pairs",
      defaultValue = "2",
      description = "Pairs of views of each object (default: ${DEFAULT-VALUE}).")
  private int pairs;

  @Option(
      names = "--samples",
      defaultValue = "4",
      description = "Samples of each pair (default: ${DEFAULT-VALUE}).")
  private int samples;

  @Option(
      names = "--rotation",
      defaultValue = "30",
      paramLabel = "DEGREES",
      description = "Smallest angle between the two lines of sight (default: ${DEFAULT-VALUE}).")
  private double rotation;

  @Option(
      names = "--protocol",
      defaultValue = "azimuth",
      paramLabel = "azimuth|held-out|reference-view",
      description =
          "Views at the model's size on white; EscherNet's held-out views; Magic123's, on the input"
              + " view (default: ${DEFAULT-VALUE}).")
  private EvaluationProtocol protocol;

  @Option(
      names = "--pictures",
      defaultValue = "24",
      paramLabel = "N",
      description = "Pairs shown on the page (default: ${DEFAULT-VALUE}).")
  private int pictures;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "For report.json and report.html.")
  private Path out;

  @Spec private CommandSpec spec;

  @Mixin private MeasureOptions measureOptions;
  @Mixin private ModelOptions options;
  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() throws Exception {
    Arguments.positive("--objects", objects);
    Arguments.positive("--pairs", pairs);
    Arguments.positive("--samples", samples);
    Arguments.finite("--rotation", rotation);
    Arguments.within("--pictures", pictures, 0, 10_000);
    Arguments.requireWritableFolder(out);
    ViewDataset dataset = ViewDataset.open(data);
    DatasetSplit lists = DatasetSplit.read(split);
    try (Backend backend = compute.open()) {
      Zero123 model = options.open(backend);
      Sampling sampling = options.sampling(model);
      ModelConfig config = model.config();
      int size = config.imageSize();
      float[] mean = meanPicture(dataset, lists.train(), config);
      List<String> tested = lists.test();
      tested = tested.subList(0, Math.min(objects, tested.size()));
      DatasetViews views = read(dataset, tested, config);
      List<Pair> drawn = drawPairs(views);
      if (drawn.isEmpty()) {
        throw new IllegalArgumentException(
            "--rotation: no test object of %s has two views %s degrees apart"
                .formatted(split, rotation));
      }
      List<ViewSynthesis.Request> requests = new ArrayList<>();
      for (Pair pair : drawn) {
        for (int i = 0; i < samples; i++) {
          requests.add(
              new ViewSynthesis.Request(
                  pair.condition(),
                  pair.pose(),
                  TorchRandom.derive(options.seed(0), requests.size())));
        }
      }
      Measures measures =
          measureOptions.open(backend, protocol, size, MeasureOptions.captions(dataset, tested));
      List<float[]> made =
          new ViewSynthesis(model, sampling)
              .run(requests).stream().map(Image::toSignedRgb).toList();
      Guesses guesses = Guesses.of(drawn, made, samples, mean);
      EvaluationReport report;
      try (Progress progress = new Progress("measuring", drawn.size())) {
        report =
            EvaluationReport.of(
                drawn,
                guesses,
                measures,
                new EvaluationReport.Setting(
                    command(), protocol.describe(size), samples, sampling, options.seed(0)),
                progress);
      }
      System.out.print(report.table());
      Files.createDirectories(out);
      EvaluationPage.write(out.resolve("report.html"), report, drawn, guesses.all(), pictures);
      ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
      AtomicFile.write(out.resolve("report.json"), mapper.writeValueAsBytes(report));
    }
    return 0;
  }

  /** The command as it was typed. */
  private String command() {
    return "azimuth " + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
  }

  private DatasetViews read(ViewDataset dataset, List<String> uids, ModelConfig config)
      throws IOException {
    try (Progress progress = new Progress("reading views", uids.size())) {
      return DatasetViews.read(
          dataset, uids, protocol.background(), config.imageSize(), config.pose(), progress);
    }
  }

  private float[] meanPicture(ViewDataset dataset, List<String> uids, ModelConfig config)
      throws IOException {
    if (uids.isEmpty()) {
      throw new IOException(
          split + ": lists no training objects, whose mean picture is a baseline");
    }
    return read(dataset, uids, config).meanPicture();
  }

  /** Pairs of views, the same for a seed whatever the model. */
  private List<Pair> drawPairs(DatasetViews views) {
    List<Pair> drawn = new ArrayList<>();
    for (int i = 0; i < views.objects(); i++) {
      TorchRandom random = TorchRandom.stream(options.seed(0), views.all().get(i).uid().hashCode());
      List<Pair> possible =
          protocol == EvaluationProtocol.REFERENCE_VIEW
              ? ofFirstView(views, i, random)
              : apart(views, i, random);
      drawn.addAll(possible.subList(0, Math.min(pairs, possible.size())));
    }
    return drawn;
  }

  /** The first view to itself, then to others. */
  private static List<Pair> ofFirstView(DatasetViews views, int object, TorchRandom random) {
    List<Pair> all = new ArrayList<>();
    all.add(pair(views, object, 0, 0));
    for (int view : random.randperm(views.views(object))) {
      if (view != 0) {
        all.add(pair(views, object, 0, view));
      }
    }
    return all;
  }

  /** Pairs of views far enough apart. */
  private List<Pair> apart(DatasetViews views, int object, TorchRandom random) {
    List<Pair> possible = new ArrayList<>();
    int count = views.views(object);
    for (int index : random.randperm(count * count)) {
      Pair pair = pair(views, object, index / count, index % count);
      if (!pair.isReference() && pair.degrees() >= rotation) {
        possible.add(pair);
      }
    }
    return possible;
  }

  private static Pair pair(DatasetViews views, int object, int input, int output) {
    DatasetViews.ObjectViews of = views.all().get(object);
    Camera from = of.cameras().get(input);
    Camera to = of.cameras().get(output);
    double azimuth = Math.toDegrees(RelativePose.between(from, to).azimuth());
    return new Pair(
        of.uid(),
        input,
        output,
        of.images().get(input),
        of.images().get(output),
        views.relativePose(object, input, output),
        azimuth > 180 ? azimuth - 360 : azimuth,
        Math.toDegrees(RelativePose.angleBetween(from, to)));
  }
}
