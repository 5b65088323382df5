package dev.azimuth.app;

import dev.azimuth.diffusion.PoseEncoding;
import dev.azimuth.diffusion.training.TrainingViews;
import dev.azimuth.views.Camera;
import dev.azimuth.views.Image;
import dev.azimuth.views.RelativePose;
import dev.azimuth.views.View;
import dev.azimuth.views.ViewDataset;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A data set's views in memory, composited on white, at the size that a model takes. */
final class DatasetViews implements TrainingViews {
  private final List<ObjectViews> objects;
  private final PoseEncoding encoding;

  /** One object: its pictures [size, size, 3] in [-1, 1] and their cameras. */
  record ObjectViews(String uid, List<float[]> images, List<Camera> cameras) {}

  private DatasetViews(List<ObjectViews> objects, PoseEncoding encoding) {
    this.objects = objects;
    this.encoding = encoding;
  }

  /**
   * Reads all views of some objects.
   *
   * @param encoding how moves between views become numbers
   * @param progress told the objects read and their number
   * @throws IOException naming the first view that can't be used, or an object with a single view
   */
  static DatasetViews read(
      ViewDataset dataset, List<String> uids, int size, PoseEncoding encoding, Progress progress)
      throws IOException {
    List<ObjectViews> objects = new ArrayList<>();
    for (String uid : uids) {
      List<float[]> images = new ArrayList<>();
      List<Camera> cameras = new ArrayList<>();
      for (int index = 0; index < dataset.views(uid); index++) {
        View view = dataset.view(uid, index);
        Image image = view.image().over(Image.Background.WHITE).resized(size, size);
        images.add(image.toSignedRgb());
        cameras.add(view.camera());
      }
      if (images.size() < 2) {
        throw new IOException(
            dataset.folder().resolve(uid) + ": has one view; a pair needs two or more");
      }
      objects.add(new ObjectViews(uid, images, cameras));
      progress.to(objects.size());
    }
    return new DatasetViews(objects, encoding);
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
