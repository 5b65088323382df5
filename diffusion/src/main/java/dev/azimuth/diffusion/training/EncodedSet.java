package dev.azimuth.diffusion.training;

import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.ViewEncoder;
import dev.azimuth.diffusion.ViewEncoder.Detail;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A training set as the frozen networks see it, computed once: of every view the latent's moments
 * [h, w, 2z] and the image tokens [T, E]; and those networks. Any number of noise predictors can be
 * trained on one.
 */
public final class EncodedSet {
  private static final int BATCH = 32;

  private final ModelConfig model;
  private final Map<String, ParameterSource.Stored> frozen;
  private final ViewEncoder encoder;
  private final TrainingViews views;
  private final Detail detail;
  private final Map<Batches.View, float[]> moments = new HashMap<>();
  private final Map<Batches.View, float[]> tokens = new HashMap<>();

  EncodedSet(
      ModelConfig model,
      Map<String, ParameterSource.Stored> frozen,
      ViewEncoder encoder,
      Detail detail,
      Batches batches,
      boolean mirror,
      StageListener listener) {
    this.frozen = frozen;
    this.encoder = encoder;
    this.detail = detail;
    this.views = batches.views();
    List<Batches.View> all = batches.all(mirror);
    for (int start = 0; start < all.size(); start += BATCH) {
      List<Batches.View> batch = all.subList(start, Math.min(all.size(), start + BATCH));
      Tensor image = batches.images(batch);
      put(moments, batch, encoder.autoencoder().moments(image).detached().toFloats());
      put(tokens, batch, encoder.embed(image, detail).detached().toFloats());
      listener.encoded(Math.min(all.size(), start + BATCH), all.size());
    }
    this.model =
        model.scaleFactor() == 1
            ? model.withScaleFactor(1 / deviation(model.autoencoder().embedDim()))
            : model;
  }

  private static void put(
      Map<Batches.View, float[]> map, List<Batches.View> batch, float[] values) {
    int length = values.length / batch.size();
    for (int n = 0; n < batch.size(); n++) {
      float[] own = new float[length];
      System.arraycopy(values, n * length, own, 0, length);
      map.put(batch.get(n), own);
    }
  }

  /** The model whose networks these are, with the scale factor that its latents have. */
  ModelConfig model() {
    return model;
  }

  /** The frozen networks' parameters. */
  Map<String, ParameterSource.Stored> frozen() {
    return frozen;
  }

  ViewEncoder encoder() {
    return encoder;
  }

  TrainingViews views() {
    return views;
  }

  /** Whether a conditioner finds the tokens that it reads. */
  boolean holds(Detail wanted) {
    return detail == Detail.PATCHES || wanted == Detail.POOLED;
  }

  float[] moments(Batches.View view) {
    return get(moments, view);
  }

  /** The view's tokens, its embedding first. */
  float[] tokens(Batches.View view) {
    return get(tokens, view);
  }

  /** Standard deviation of all posterior samples about zero: 1 over it is the scale factor. */
  private double deviation(int z) {
    double sum = 0;
    long count = 0;
    for (float[] m : moments.values()) {
      for (int i = 0; i < m.length; i += 2 * z) {
        for (int c = 0; c < z; c++) {
          double mean = m[i + c];
          sum += mean * mean + Math.exp(Math.min(20, Math.max(-30, m[i + z + c])));
          count++;
        }
      }
    }
    return Math.sqrt(sum / count);
  }

  private static float[] get(Map<Batches.View, float[]> map, Batches.View view) {
    float[] values = map.get(view);
    if (values == null) {
      throw new IllegalStateException("not encoded: " + view);
    }
    return values;
  }
}
