package dev.azimuth.app;

import dev.azimuth.views.DatasetSplit;
import dev.azimuth.views.ObjectInfo;
import dev.azimuth.views.ViewDataset;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Divides a data set into objects to learn from and objects to test on. */
@Command(
    name = "split",
    description = "Divide a data set into training and test objects, by object and by author.")
@SuppressWarnings("NullAway.Init") // picocli sets the options
final class SplitCommand implements Callable<Integer> {
  @Option(names = "--data", required = true, paramLabel = "DIR", description = "The data set.")
  private Path data;

  @Option(
      names = "--test",
      defaultValue = "0.1",
      paramLabel = "SHARE",
      description = "Share of the objects to test on (default: ${DEFAULT-VALUE}).")
  private double share;

  @Option(
      names = "--exclude",
      split = ",",
      paramLabel = "UID",
      description = "Objects to leave out, such as figures of people.")
  private List<String> excluded = List.of();

  @Option(names = "--seed", defaultValue = "0", description = "Seed (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--out", required = true, paramLabel = "F.json", description = "The split.")
  private Path out;

  @Override
  public Integer call() throws Exception {
    if (!(share > 0 && share < 1)) {
      throw new IllegalArgumentException("--test: must lie between 0 and 1, not " + share);
    }
    Arguments.requireWritable(out);
    ViewDataset dataset = ViewDataset.open(data);
    List<ObjectInfo> objects = new ArrayList<>();
    for (String uid : excluded) {
      if (!dataset.objects().contains(uid)) {
        throw new IllegalArgumentException("--exclude: " + data + " has no object " + uid);
      }
    }
    for (String uid : dataset.objects()) {
      if (!excluded.contains(uid)) {
        objects.add(dataset.info(uid));
      }
    }
    DatasetSplit split = DatasetSplit.of(objects, share, seed);
    split.write(out);
    System.out.printf(
        "%d objects to learn from; to test on: %d by authors seen, %d by authors never seen%n",
        split.train().size(), split.testObjects().size(), split.testAuthors().size());
    return 0;
  }
}
