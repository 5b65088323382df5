package dev.azimuth.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.azimuth.app.EvaluationReport.Pair;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.Sampling;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.tensor.random.TorchRandom;
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
import picocli.CommandLine.Option;

/** Measures a model on objects that it has never seen. */
@Command(
    name = "evaluate",
    description = {
      "PSNR and SSIM of new views of a split's test objects beside two baselines, with 95 %%"
          + " intervals (bootstrap over objects): a single sample, the mean of several, the input"
          + " view repeated, the mean training picture."
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

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "For report.json.")
  private Path out;

  @Mixin private ModelOptions options;
  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() throws Exception {
    Arguments.positive("--objects", objects);
    Arguments.positive("--pairs", pairs);
    Arguments.positive("--samples", samples);
    Arguments.finite("--rotation", rotation);
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
      List<Image> made = new ViewSynthesis(model, sampling).run(requests);
      EvaluationReport report =
          EvaluationReport.of(drawn, made, samples, mean, size, sampling, options.seed(0));
      System.out.print(report.table());
      Files.createDirectories(out);
      ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
      AtomicFile.write(out.resolve("report.json"), mapper.writeValueAsBytes(report));
    }
    return 0;
  }

  private static DatasetViews read(ViewDataset dataset, List<String> uids, ModelConfig config)
      throws IOException {
    try (Progress progress = new Progress("reading views", uids.size())) {
      return DatasetViews.read(dataset, uids, config.imageSize(), config.pose(), progress);
    }
  }

  private float[] meanPicture(ViewDataset dataset, List<String> uids, ModelConfig config)
      throws IOException {
    if (uids.isEmpty()) {
      throw new IOException(
          split + ": lists no training objects, whose mean picture is a baseline");
    }
    double[] sum = new double[config.imageSize() * config.imageSize() * 3];
    long count = 0;
    for (DatasetViews.ObjectViews object : read(dataset, uids, config).all()) {
      for (float[] image : object.images()) {
        for (int i = 0; i < sum.length; i++) {
          sum[i] += image[i];
        }
        count++;
      }
    }
    float[] mean = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      mean[i] = (float) (sum[i] / count);
    }
    return mean;
  }

  /** Pairs of views far enough apart, the same for a seed whatever the model. */
  private List<Pair> drawPairs(DatasetViews views) {
    List<Pair> drawn = new ArrayList<>();
    for (int i = 0; i < views.objects(); i++) {
      DatasetViews.ObjectViews object = views.all().get(i);
      TorchRandom random = TorchRandom.stream(options.seed(0), object.uid().hashCode());
      List<Pair> possible = new ArrayList<>();
      int count = object.images().size();
      for (int index : random.randperm(count * count)) {
        int condition = index / count;
        int target = index % count;
        double degrees =
            Math.toDegrees(
                RelativePose.angleBetween(
                    object.cameras().get(condition), object.cameras().get(target)));
        if (condition != target && degrees >= rotation) {
          possible.add(
              new Pair(
                  object.uid(),
                  object.images().get(condition),
                  object.images().get(target),
                  views.relativePose(i, condition, target),
                  degrees));
        }
      }
      drawn.addAll(possible.subList(0, Math.min(pairs, possible.size())));
    }
    return drawn;
  }
}
