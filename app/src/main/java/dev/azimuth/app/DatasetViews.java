package dev.azimuth.app;

import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.diffusion.training.TrainingViews;
import dev.azimuth.views.Camera;
import dev.azimuth.views.DatasetException;
import dev.azimuth.views.Image;
import dev.azimuth.views.RelativePose;
import dev.azimuth.views.View;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A data set's views in memory, composited on white, at the size that a model takes. */
final class DatasetViews implements TrainingViews {
  /** Of problems with a data set, in words. */
  private static final int MOST_SHOWN = 5;

  private final List<ObjectViews> objects;
  private final PoseEncoding encoding;

  /** One object: its pictures [size, size, 3] in [-1, 1] and their cameras. */
  record ObjectViews(String uid, List<float[]> images, List<Camera> cameras) {}

  private DatasetViews(List<ObjectViews> objects, PoseEncoding encoding) {
    this.objects = objects;
    this.encoding = encoding;
  }

  /** Reads all views of some objects, laid on white by their alpha. */
  static DatasetViews read(
      ViewDataset dataset, List<String> uids, int size, PoseEncoding encoding, Progress progress)
      throws IOException {
    return read(dataset, uids, Image.Background.WHITE, size, encoding, progress);
  }

  /**
   * Reads all views of some objects.
   *
   * @param background what they are laid on
   * @param encoding how moves between views become numbers
   * @param progress told the objects read and their number
   * @throws DatasetException naming the views that can't be used and the objects with less than
   *     two; none is left out, or black
   */
  static DatasetViews read(
      ViewDataset dataset,
      List<String> uids,
      Image.Background background,
      int size,
      PoseEncoding encoding,
      Progress progress)
      throws IOException {
    List<ObjectViews> objects = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (String uid : uids) {
      List<float[]> images = new ArrayList<>();
      List<Camera> cameras = new ArrayList<>();
      for (int index = 0; index < dataset.views(uid); index++) {
        try {
          View view = dataset.view(uid, index);
          images.add(view.image().over(background).resized(size, size).toSignedRgb());
          cameras.add(view.camera());
        } catch (DatasetException e) {
          problems.add(String.valueOf(e.getMessage()));
        }
      }
      int count = dataset.views(uid);
      if (count < 2) {
        problems.add(
            "%s: has %s; a pair needs two or more"
                .formatted(dataset.folder().resolve(uid), count == 0 ? "no views" : "one view"));
      } else if (count < dataset.views()) {
        CheckpointOptions.tell(
            "%s: has %d views, other objects %d; goes on with these"
                .formatted(dataset.folder().resolve(uid), count, dataset.views()));
      }
      objects.add(new ObjectViews(uid, images, cameras));
      progress.to(objects.size());
    }
    if (!problems.isEmpty()) {
      throw new DatasetException(listed(problems));
    }
    return new DatasetViews(objects, encoding);
  }

  /** All problems on one line, the first ones in words. */
  private static String listed(List<String> problems) {
    String shown = String.join("; ", problems.subList(0, Math.min(MOST_SHOWN, problems.size())));
    return problems.size() <= MOST_SHOWN
        ? shown
        : shown + "; and %d more views that can't be used".formatted(problems.size() - MOST_SHOWN);
  }

  List<ObjectViews> all() {
    return objects;
  }

  /** The mean of all pictures [size, size, 3]. */
  float[] meanPicture() {
    double[] sum = new double[objects.get(0).images.get(0).length];
    long count = 0;
    for (ObjectViews object : objects) {
      for (float[] image : object.images) {
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

  @Override
  public int objects() {
    return objects.size();
  }

  @Override
  public int views(int object) {
    return objects.get(object).images.size();
  }

  @Override
  public float[] image(int object, int view) {
    return objects.get(object).images.get(view);
  }

  @Override
  public double[] relativePose(int object, int condition, int target) {
    List<Camera> cameras = objects.get(object).cameras;
    Camera from = cameras.get(condition);
    return Poses.vector(encoding, RelativePose.between(from, cameras.get(target)), from.polar());
  }
}
