package dev.azimuth.app;

import dev.azimuth.diffusion.Sampling;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.views.Image;
import dev.azimuth.views.RelativePose;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;

/** Runs a model on any number of pictures and moves, a batch at a time, with a progress bar. */
final class ViewSynthesis {
  // large enough to keep the cores busy with small models, small enough for memory with large ones
  private static final int BATCH_PIXELS = 16 * 64 * 64;

  private final Zero123 model;
  private final Sampling sampling;

  /** One picture to be made: the condition view [size, size, 3], the move, the seed. */
  record Request(float[] condition, RelativePose pose, long seed) {}

  ViewSynthesis(Zero123 model, Sampling sampling) {
    this.model = model;
    this.sampling = sampling;
  }

  /**
   * A user's picture as the model takes it: centred on a square, resized, composited on white.
   *
   * @throws IOException naming the file and the reason if it isn't a picture
   */
  float[] condition(Path file) throws IOException {
    return condition(Image.read(file));
  }

  /** A picture as the model takes it. */
  float[] condition(Image picture) {
    int size = model.config().imageSize();
    return squared(picture.over(Image.Background.WHITE)).resized(size, size).toSignedRgb();
  }

  private static Image squared(Image picture) {
    int side = Math.max(picture.width(), picture.height());
    if (picture.width() == picture.height()) {
      return picture;
    }
    float[] square = new float[side * side * 4];
    Arrays.fill(square, 1);
    int left = (side - picture.width()) / 2;
    int top = (side - picture.height()) / 2;
    for (int y = 0; y < picture.height(); y++) {
      System.arraycopy(
          picture.rgba(),
          y * picture.width() * 4,
          square,
          ((y + top) * side + left) * 4,
          picture.width() * 4);
    }
    return new Image(side, side, square);
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
    List<RelativePose> poses = batch.stream().map(Request::pose).toList();
    return model.synthesize(
        Poses.images(model.backend(), conditions, size),
        Poses.tensor(model.backend(), poses),
        sampling,
        batch.stream().mapToLong(Request::seed).toArray(),
        progress);
  }
}
