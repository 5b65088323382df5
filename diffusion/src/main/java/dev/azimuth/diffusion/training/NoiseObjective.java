package dev.azimuth.diffusion.training;

import dev.azimuth.diffusion.ConditionViews;
import dev.azimuth.diffusion.Conditioner;
import dev.azimuth.diffusion.Conditioning;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;

/**
 * Mean squared error of the noise, or velocity, that is predicted from some views of an object for
 * another one, with the published dropout of the condition: one uniform u per sample; the image
 * tokens are zeroed where u &lt; 0.10 (the poses are kept and still projected), the condition
 * latents where 0.05 ≤ u &lt; 0.15 (reference {@code ddpm.py}, {@code get_input}).
 *
 * <p>With several views it is the same expectation, over sets of condition views too: ‖ε - ε_θ(z_t,
 * t, {(x_i, T_i)})‖².
 */
record NoiseObjective(
    UNet unet,
    Conditioner conditioner,
    NoiseSchedule schedule,
    EncodedSet data,
    Batch batch,
    Backend backend)
    implements Objective {

  private static final double UNCONDITIONAL = 0.05;

  /**
   * Samples of a batch, condition views of each; the timesteps' shift; whether objects are
   * mirrored.
   */
  record Batch(int samples, ViewRange views, double timestepShift, boolean mirror) {}

  /** The elements of what a batch is conditioned on, sample by sample, view by view. */
  @SuppressWarnings("ArrayRecordComponent") // filled and handed over once, never compared
  private record Drawn(float[] start, float[] latent, float[] embedding, double[] pose) {}

  @Override
  public Tensor loss(TorchRandom random) {
    ModelConfig model = data.model();
    int samples = batch.samples;
    int size = model.latentSize();
    int z = model.autoencoder().embedDim();
    int width = model.clip().outputDim();
    int tokens = data.encoder().tokens(conditioner.detail());
    ViewRange range = batch.views;
    int count =
        range.least() == range.most()
            ? range.least()
            : (int) random.randint(range.least(), range.most() + 1, 1)[0];
    int latents = samples * size * size * z;
    float[] posteriorNoise = random.randn(latents);
    float[] dropout = random.rand(samples);
    Drawn drawn =
        new Drawn(
            new float[latents],
            new float[latents * count],
            new float[samples * count * tokens * width],
            new double[samples * count * 4]);
    for (int n = 0; n < samples; n++) {
      draw(n, count, random, dropout[n], posteriorNoise, drawn);
    }
    long[] told = random.randint(0, schedule.timesteps(), samples);
    int[] timesteps = new int[samples];
    for (int n = 0; n < samples; n++) {
      timesteps[n] = shifted((int) told[n], schedule.timesteps(), batch.timestepShift);
      told[n] = timesteps[n];
    }
    Shape latent = Shape.of(samples, size, size, z);
    Tensor noise = Tensor.of(backend, latent, random.randn(latents));
    Tensor clean = Tensor.of(backend, latent, drawn.start);
    Tensor noisy = schedule.addNoise(clean, noise, timesteps);
    Tensor embedding = Tensor.of(backend, Shape.of(samples, count, tokens, width), drawn.embedding);
    Conditioning conditioning =
        conditioner.condition(
            new ConditionViews(
                embedding,
                Tensor.of(backend, Shape.of(samples, count, size, size, z), drawn.latent),
                Tensor.of(backend, embedding.dtype(), Shape.of(samples, count, 4), drawn.pose)));
    Tensor target =
        switch (model.predictionType()) {
          case EPSILON -> noise;
          case V_PREDICTION -> schedule.velocity(clean, noise, timesteps);
        };
    Tensor input = Tensor.concat(3, noisy, conditioning.concat());
    return unet.forward(input, told, conditioning.context()).meanSquaredError(target);
  }

  /** The timestep that a uniform one becomes under {@link TrainingConfig#timestepShift}. */
  static int shifted(int uniform, int timesteps, double shift) {
    double u = (uniform + 0.5) / timesteps;
    return (int) (timesteps * shift * u / (1 + (shift - 1) * u));
  }

  /** Draws sample {@code n}: an object, the first views of a random order, the last as target. */
  private void draw(
      int n, int count, TorchRandom random, float dropout, float[] posteriorNoise, Drawn drawn) {
    TrainingViews views = data.views();
    int object = (int) random.randint(0, views.objects(), 1)[0];
    int[] order = random.randperm(views.views(object));
    boolean isMirrored = batch.mirror && random.randint(0, 2, 1)[0] == 1;
    Batches.View target = new Batches.View(object, order[order.length - 1], isMirrored);
    float[] moments = data.moments(target);
    int length = moments.length / 2;
    sample(moments, posteriorNoise, drawn.start, n * length);
    for (int i = 0; i < count; i++) {
      int row = n * count + i;
      Batches.View condition = new Batches.View(object, order[i], isMirrored);
      if (!(dropout >= UNCONDITIONAL && dropout < 3 * UNCONDITIONAL)) {
        mode(data.moments(condition), drawn.latent, row * length);
      }
      if (!(dropout < 2 * UNCONDITIONAL)) {
        int each = drawn.embedding.length / (batch.samples * count);
        System.arraycopy(data.tokens(condition), 0, drawn.embedding, row * each, each);
      }
      double[] move = views.relativePose(object, condition.index(), target.index());
      System.arraycopy(move, 0, drawn.pose, row * 4, 4);
      if (isMirrored) {
        drawn.pose[row * 4 + 1] = -drawn.pose[row * 4 + 1]; // a mirror turns Δφ into -Δφ
      }
    }
  }

  /** A posterior sample, scaled: what is denoised. */
  private void sample(float[] moments, float[] noise, float[] out, int offset) {
    double scaleFactor = data.model().scaleFactor();
    int z = data.model().autoencoder().embedDim();
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
    int z = data.model().autoencoder().embedDim();
    for (int p = 0; p < moments.length / (2 * z); p++) {
      System.arraycopy(moments, p * 2 * z, out, offset + p * z, z);
    }
  }
}
