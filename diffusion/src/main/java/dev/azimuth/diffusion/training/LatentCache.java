package dev.azimuth.diffusion.training;

import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.Zero123Conditioner;
import dev.azimuth.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What the frozen networks make of every training view, computed once: the latent's moments [h, w,
 * 2z] and the image embedding [E].
 */
final class LatentCache {
  private static final int BATCH = 32;

  private final Map<Batches.View, float[]> moments = new HashMap<>();
  private final Map<Batches.View, float[]> embeddings = new HashMap<>();

  LatentCache(
      AutoencoderKl autoencoder,
      Zero123Conditioner conditioner,
      Batches batches,
      List<Batches.View> views,
      StageListener listener) {
    for (int start = 0; start < views.size(); start += BATCH) {
      List<Batches.View> batch = views.subList(start, Math.min(views.size(), start + BATCH));
      Tensor image = batches.images(batch);
      put(moments, batch, autoencoder.moments(image).detached().toFloats());
      put(embeddings, batch, conditioner.embed(image).detached().toFloats());
      listener.encoded(Math.min(views.size(), start + BATCH), views.size());
    }
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

  float[] moments(Batches.View view) {
    return get(moments, view);
  }

  float[] embedding(Batches.View view) {
    return get(embeddings, view);
  }

  /** Standard deviation of all posterior samples about zero: 1 over it is the scale factor. */
  double deviation(int z) {
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
