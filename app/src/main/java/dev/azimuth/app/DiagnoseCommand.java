package dev.azimuth.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.azimuth.app.CrossAttentionProbe.Views;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.checkpoint.Checkpoint;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.tensor.random.TorchRandom;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Shows whether a model's cross-attention attends. */
@Command(
    name = "diagnose",
    description = {
      "For each cross-attention: tokens, how far it is spread over them (entropy), the lengths of"
          + " the gradients of queries and keys. Which parameters are dead: their gradient is"
          + " exactly zero. With --start, whether these only decayed since. On one token, what the"
          + " path without attention saves.",
      "The published size takes some 10 GB."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class DiagnoseCommand implements Callable<Integer> {
  private static final int MOST_PAIRS = 1000;

  @Option(
      names = "--model",
      paramLabel = "M",
      description = "A model in any layout (default: the bundled models/mini).")
  private Path model = ModelOptions.bundled();

  @Option(
      names = "--start",
      paramLabel = "M",
      description = "The model that its training began with.")
  private @Nullable Path start;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Views to attend to (default: pictures of noise).")
  private @Nullable Path data;

  @Option(
      names = "--pairs",
      defaultValue = "4",
      description = "Pairs of views, of an object each (default: ${DEFAULT-VALUE}).")
  private int pairs;

  @Option(names = "--seed", defaultValue = "0", description = "Seed (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--out", paramLabel = "F.json", description = "All of it as JSON.")
  private @Nullable Path out;

  @Mixin private CheckpointOptions options;
  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() throws Exception {
    Arguments.within("--pairs", pairs, 1, MOST_PAIRS);
    if (out != null) {
      Arguments.requireWritable(out);
    }
    try (Backend backend = compute.open();
        Checkpoint checkpoint = options.open(model)) {
      List<Views> views =
          data == null ? noise(checkpoint.config()) : read(data, checkpoint.config());
      Diagnosis diagnosis;
      try (Progress progress = new Progress("probing", 2L * views.size())) {
        diagnosis = new CrossAttentionProbe(backend, checkpoint, seed).diagnose(views, progress);
      }
      if (start != null) {
        try (Checkpoint before = options.open(start)) {
          diagnosis =
              diagnosis.with(
                  CrossAttentionProbe.decay(
                      checkpoint.parameters(),
                      before.parameters(),
                      checkpoint.parameters().names()));
        }
      }
      System.out.print(diagnosis.text());
      if (out != null) {
        ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
        AtomicFile.write(out, mapper.writeValueAsBytes(diagnosis));
      }
    }
    return 0;
  }

  private List<Views> noise(ModelConfig config) {
    List<Views> views = new ArrayList<>();
    int values = config.imageSize() * config.imageSize() * 3;
    for (int i = 0; i < pairs; i++) {
      TorchRandom random = TorchRandom.stream(seed, -1 - i);
      double[] pose = config.pose().encode(0.2, 1 + i, 0.1, Math.PI / 2);
      views.add(new Views(picture(random, values), picture(random, values), pose));
    }
    return views;
  }

  private static float[] picture(TorchRandom random, int values) {
    float[] picture = random.randn(values);
    for (int i = 0; i < values; i++) {
      picture[i] = (float) Math.tanh(picture[i]);
    }
    return picture;
  }

  private List<Views> read(Path folder, ModelConfig config) throws IOException {
    ViewDataset dataset = ViewDataset.open(folder);
    List<String> uids = dataset.objects().subList(0, Math.min(pairs, dataset.objects().size()));
    DatasetViews views;
    try (Progress progress = new Progress("reading views", uids.size())) {
      views = DatasetViews.read(dataset, uids, config.imageSize(), config.pose(), progress);
    }
    List<Views> read = new ArrayList<>();
    for (int i = 0; i < views.objects(); i++) {
      int[] order = TorchRandom.stream(seed, uids.get(i).hashCode()).randperm(views.views(i));
      read.add(
          new Views(
              views.image(i, order[0]),
              views.image(i, order[1]),
              views.relativePose(i, order[0], order[1])));
    }
    return read;
  }
}
