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

  /** One picture to be made: the condition view [size, size, 3], the encoded move, the seed. */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  record Request(float[] condition, double[] pose, long seed) {}

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

  /** The pictures asked for, in their order. */
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
    List<float[]> conditions = batch.stream().map(Request::condition).toList();
    List<double[]> poses = batch.stream().map(Request::pose).toList();
    return model.synthesize(
        Poses.images(model.backend(), conditions, size),
        Poses.tensor(model.backend(), poses),
        sampling,
        batch.stream().mapToLong(Request::seed).toArray(),
        progress);
  }
}
