package dev.azimuth.diffusion.training;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Puts views together into batches of images. */
final class Batches {
  private final Backend backend;
  private final TrainingViews views;
  private final int size;

  /** One view of an object, or of its mirror image. */
  record View(int object, int index, boolean isMirrored) {}

  Batches(Backend backend, TrainingViews views, int size) {
    this.backend = backend;
    this.views = views;
    this.size = size;
  }

  TrainingViews views() {
    return views;
  }

  /** Every view, in order; each a second time mirrored if wanted. */
  List<View> all(boolean mirror) {
    List<View> all = new ArrayList<>();
    for (int object = 0; object < views.objects(); object++) {
      for (int index = 0; index < views.views(object); index++) {
        all.add(new View(object, index, false));
        if (mirror) {
          all.add(new View(object, index, true));
        }
      }
    }
    return all;
  }

  /** The images [B, size, size, 3] in [-1, 1]. */
  Tensor images(List<View> batch) {
    int length = size * size * 3;
    float[] values = new float[batch.size() * length];
    for (int n = 0; n < batch.size(); n++) {
      View view = batch.get(n);
      float[] image = views.image(view.object, view.index);
      if (image.length != length) {
        throw new IllegalArgumentException(
            "views must be " + size + "x" + size + " RGB; got " + image.length + " values");
      }
      for (int y = 0; y < size; y++) {
        for (int x = 0; x < size; x++) {
          int from = (y * size + (view.isMirrored ? size - 1 - x : x)) * 3;
          System.arraycopy(image, from, values, n * length + (y * size + x) * 3, 3);
        }
      }
    }
    return Tensor.of(backend, Shape.of(batch.size(), size, size, 3), values);
  }
}
