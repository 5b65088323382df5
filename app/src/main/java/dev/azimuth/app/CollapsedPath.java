package dev.azimuth.app;

import dev.azimuth.diffusion.ConditionViews;
import dev.azimuth.diffusion.ConditionerConfig;
import dev.azimuth.diffusion.Conditioning;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.StoredParameters;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.file.SafeTensors;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The same weights with one token through both paths of cross-attention: as published, with queries
 * and keys, and collapsed.
 *
 * @param largestDifference of the UNet's output anywhere
 * @param attended median milliseconds of a UNet call as published
 * @param collapsed likewise of the collapsed path
 * @param batch samples of a call
 * @param calls of each, in turns
 */
record CollapsedPath(
    double largestDifference, double attended, double collapsed, int batch, int calls) {
  private static final int BATCH = 16;
  private static final int CALLS = 31;
  private static final long TIMESTEP = 500;

  /** Measures the weights of a model's folder, which stacks the published token alone. */
  static CollapsedPath measure(
      Backend backend, Path folder, ViewSynthesis.Request request, int contextDim)
      throws IOException {
    ModelConfig config = Configuration.read(folder.resolve("config.json"), ModelConfig.class);
    ModelConfig folded = config.withConditioner(new ConditionerConfig.Zero123(), contextDim);
    try (SafeTensors file = SafeTensors.open(folder.resolve("model.safetensors"))) {
      StoredParameters weights = new StoredParameters(file, "");
      Zero123[] models = {
        new Zero123(backend, config, weights), new Zero123(backend, folded, weights)
      };
      int size = config.latentSize();
      int z = config.autoencoder().embedDim();
      Shape shape = Shape.of(BATCH, size, size, z);
      Tensor noisy = Tensor.of(backend, shape, new TorchRandom(0).randn(shape.size()));
      long[] timesteps = new long[BATCH];
      Arrays.fill(timesteps, TIMESTEP);
      Conditioning[] told = {conditioning(models[0], request), conditioning(models[1], request)};
      double[][] times = new double[2][CALLS];
      float[][] outputs = new float[2][];
      for (int call = 0; call < CALLS; call++) {
        for (int path = 0; path < 2; path++) {
          Tensor input = Tensor.concat(3, noisy, told[path].concat());
          long begin = System.nanoTime();
          outputs[path] =
              models[path].unet().forward(input, timesteps, told[path].context()).toFloats();
          times[path][call] = (System.nanoTime() - begin) / 1e6;
        }
      }
      double largest = 0;
      for (int i = 0; i < outputs[0].length; i++) {
        largest = Math.max(largest, Math.abs(outputs[0][i] - outputs[1][i]));
      }
      return new CollapsedPath(largest, median(times[0]), median(times[1]), BATCH, CALLS);
    }
  }

  private static Conditioning conditioning(Zero123 model, ViewSynthesis.Request request) {
    int size = model.config().imageSize();
    Tensor image = Poses.images(model.backend(), request.conditions(), size);
    Tensor pose = Poses.tensor(model.backend(), request.poses());
    ConditionViews views =
        model
            .conditioner()
            .encoder()
            .encode(
                image.reshape(1, 1, size, size, 3).expand(BATCH, 1, size, size, 3),
                pose.reshape(1, 1, 4).expand(BATCH, 1, 4),
                model.conditioner().detail());
    return model.conditioner().condition(views);
  }

  private static double median(double[] times) {
    double[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
