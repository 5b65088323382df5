package dev.azimuth.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.file.AtomicFile;
import dev.azimuth.views.DatasetSplit;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains many small models under equal conditions and compares them. */
@Command(
    name = "study",
    description = {
      "Train every variant of a study from every seed on one pair of frozen encoders, compare them"
          + " on a split's test objects, and write study.json, study.md and figures. Stopped at any"
          + " moment, it goes on when it is run again."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class StudyCommand implements Callable<Integer> {
  @Option(names = "--config", required = true, paramLabel = "F", description = "The study.")
  private Path config;

  @Option(names = "--data", required = true, paramLabel = "DIR", description = "The data set.")
  private Path data;

  @Option(names = "--split", required = true, paramLabel = "F", description = "Its split.")
  private Path split;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder of it all.")
  private Path out;

  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() throws Exception {
    StudyConfig study = Configuration.read(config, StudyConfig.class);
    Arguments.requireWritableFolder(out);
    ViewDataset dataset = ViewDataset.open(data);
    DatasetSplit lists = DatasetSplit.read(split);
    List<String> tested = lists.test();
    tested = tested.subList(0, Math.min(study.evaluation().objects(), tested.size()));
    if (tested.isEmpty() || lists.train().isEmpty()) {
      throw new IOException(split + ": a study needs objects to learn from and to be tested on");
    }
    DatasetViews train = read(dataset, lists.train(), study.training().model());
    DatasetViews test = read(dataset, tested, study.training().model());
    StudyTrials trials = new StudyTrials(test, study.evaluation(), study.mostViews());
    try (Backend backend = compute.open()) {
      StudyRun run = new StudyRun(backend, study, train, trials, out);
      List<StudyScores> measured = run.run();
      StudyReport report =
          StudyReport.of(study, run, measured, test.objects(), trials.all().size());
      ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
      AtomicFile.write(out.resolve("study.json"), mapper.writeValueAsBytes(report));
      AtomicFile.writeString(out.resolve("study.md"), report.markdown());
      new StudyCharts(report, run).write(out, trials, study.evaluation().pictured());
    }
    System.out.println(out.resolve("study.md"));
    return 0;
  }

  private static DatasetViews read(ViewDataset dataset, List<String> uids, ModelConfig model)
      throws IOException {
    try (Progress progress = new Progress("reading views", uids.size())) {
      return DatasetViews.read(dataset, uids, model.imageSize(), model.pose(), progress);
    }
  }
}
