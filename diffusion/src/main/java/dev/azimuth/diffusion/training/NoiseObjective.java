package dev.azimuth.diffusion.training;

import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.PredictionType;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.diffusion.Zero123Conditioner;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;

/**
 * Mean squared error of the predicted noise, or velocity, with the published dropout of the
 * condition: one uniform u per sample; the image embedding is zeroed where u &lt; 0.10 (the pose is
 * kept and still projected), the condition latent where 0.05 ≤ u &lt; 0.15 (reference {@code
 * ddpm.py}, {@code get_input}).
 */
record NoiseObjective(
    UNet unet,
    Zero123Conditioner conditioner,
    NoiseSchedule schedule,
    PredictionType predictionType,
    double scaleFactor,
    LatentCache cache,
    TrainingViews views,
    Batch batch,
    Backend backend)
    implements Objective {

  private static final double UNCONDITIONAL = 0.05;

  /**
   * The sizes of a batch: samples, latent [h, w, z], embedding width; whether objects are mirrored.
   */
  record Batch(int samples, int latentSize, int z, int embedding, boolean mirror) {}

  @Override
  public Tensor loss(TorchRandom random) {
    int samples = batch.samples;
    int pixels = batch.latentSize * batch.latentSize;
    int z = batch.z;
    float[] start = new float[samples * pixels * z];
    float[] concat = new float[start.length];
    float[] embedding = new float[samples * batch.embedding];
    double[] pose = new double[samples * 4];
    float[] posteriorNoise = random.randn(start.length);
    float[] dropout = random.rand(samples);
    for (int n = 0; n < samples; n++) {
      int object = (int) random.randint(0, views.objects(), 1)[0];
      int[] order = random.randperm(views.views(object));
      boolean isMirrored = batch.mirror && random.randint(0, 2, 1)[0] == 1;
      Batches.View condition = new Batches.View(object, order[0], isMirrored);
      Batches.View target = new Batches.View(object, order[order.length - 1], isMirrored);
      sample(cache.moments(target), posteriorNoise, start, n * pixels * z);
      if (!(dropout[n] >= UNCONDITIONAL && dropout[n] < 3 * UNCONDITIONAL)) {
        mode(cache.moments(condition), concat, n * pixels * z);
      }
      if (!(dropout[n] < 2 * UNCONDITIONAL)) {
        System.arraycopy(
            cache.embedding(condition), 0, embedding, n * batch.embedding, batch.embedding);
      }
      double[] move = views.relativePose(object, condition.index(), target.index());
      System.arraycopy(move, 0, pose, n * 4, 4);
      if (isMirrored) {
        pose[n * 4 + 1] = -pose[n * 4 + 1]; // a mirror turns Δφ into -Δφ
      }
    }
    Shape latent = Shape.of(samples, batch.latentSize, batch.latentSize, z);
    int[] timesteps = new int[samples];
    long[] told = random.randint(0, schedule.timesteps(), samples);
    for (int n = 0; n < samples; n++) {
      timesteps[n] = (int) told[n];
    }
    Tensor noise = Tensor.of(backend, latent, random.randn(start.length));
    Tensor clean = Tensor.of(backend, latent, start);
    Tensor noisy = schedule.addNoise(clean, noise, timesteps);
    Tensor input = Tensor.concat(3, noisy, Tensor.of(backend, latent, concat));
    Tensor embeddings = Tensor.of(backend, Shape.of(samples, batch.embedding), embedding);
    Tensor poses = Tensor.of(backend, embeddings.dtype(), Shape.of(samples, 4), pose);
    Tensor target =
        switch (predictionType) {
          case EPSILON -> noise;
          case V_PREDICTION -> schedule.velocity(clean, noise, timesteps);
        };
    Tensor predicted = unet.forward(input, told, conditioner.token(embeddings, poses));
    return predicted.meanSquaredError(target);
  }

  /** A posterior sample, scaled: what is denoised. */
  private void sample(float[] moments, float[] noise, float[] out, int offset) {
    int z = batch.z;
    for (int p = 0; p < moments.length / (2 * z); p++) {
      for (int c = 0; c < z; c++) {
        float logVariance = Math.min(20, Math.max(-30, moments[p * 2 * z + z + c]));
        int i = offset + p * z + c;
        double value = moments[p * 2 * z + c] + Math.exp(0.5 * logVariance) * noise[i];
        out[i] = (float) (scaleFactor * value);
      }
    }
  }

  /** The posterior's mode, not scaled: what is put beside it. */
  private void mode(float[] moments, float[] out, int offset) {
    int z = batch.z;
    for (int p = 0; p < moments.length / (2 * z); p++) {
      System.arraycopy(moments, p * 2 * z, out, offset + p * z, z);
    }
  }
}
