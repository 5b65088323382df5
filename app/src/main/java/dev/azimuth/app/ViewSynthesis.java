package dev.azimuth.app;

import dev.azimuth.diffusion.Sampling;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.views.Image;
import dev.azimuth.views.Preprocess;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** Runs a model on any number of pictures and moves, a batch at a time, with a progress bar. */
final class ViewSynthesis {
  // large enough to keep the cores busy with small models, small enough for memory with large ones
  private static final int BATCH_PIXELS = 16 * 64 * 64;

  private final Zero123 model;
  private final Sampling sampling;

  /**
   * One picture to be made.
   *
   * @param conditions the condition views, each [size, size, 3]
   * @param poses the encoded move from each to the new view
   * @param seed of its noise
   */
  record Request(List<float[]> conditions, List<double[]> poses, long seed) {
    /** By one view. */
    Request(float[] condition, double[] pose, long seed) {
      this(List.of(condition), List.of(pose), seed);
    }
  }

  ViewSynthesis(Zero123 model, Sampling sampling) {
    this.model = model;
    this.sampling = sampling;
  }

  /** A rendered view as the model takes it. */
  float[] condition(Image view) {
    return Preprocess.COMPOSITE.apply(view, model.config().imageSize()).toSignedRgb();
  }

  private static Image image(Tensor made, int index) {
    try {
      return Poses.image(made, index);
    } catch (IllegalArgumentException e) {
      throw new ArithmeticException(
          "the model made a picture of NaN: its weights are damaged, or --scale is too large");
    }
  }

  /** The pictures asked for, all by the same number of views, in their order. */
  List<Image> run(List<Request> requests) {
    int size = model.config().imageSize();
    int batchSize = Math.max(1, BATCH_PIXELS / (size * size));
    List<Image> images = new ArrayList<>();
    int steps = 100; // of the bar, for each batch
    int batches = Math.ceilDiv(requests.size(), batchSize);
    try (Progress progress = new Progress("denoising", (long) batches * steps)) {
      for (int start = 0; start < requests.size(); start += batchSize) {
        List<Request> batch = requests.subList(start, Math.min(requests.size(), start + batchSize));
        long before = (long) (start / batchSize) * steps;
        Tensor made = run(batch, size, (k, n) -> progress.to(before + (long) k * steps / n));
        for (int i = 0; i < batch.size(); i++) {
          images.add(image(made, i));
        }
      }
    }
    return images;
  }

  private Tensor run(List<Request> batch, int size, BiConsumer<Integer, Integer> progress) {
    int views = batch.get(0).conditions.size();
    List<float[]> conditions = batch.stream().flatMap(r -> r.conditions.stream()).toList();
    List<double[]> poses = batch.stream().flatMap(r -> r.poses.stream()).toList();
    return model.synthesizeFromViews(
        Poses.images(model.backend(), conditions, size).reshape(batch.size(), views, size, size, 3),
        Poses.tensor(model.backend(), poses).reshape(batch.size(), views, 4),
        sampling,
        batch.stream().mapToLong(Request::seed).toArray(),
        progress);
  }
}
