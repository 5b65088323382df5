package dev.azimuth.diffusion.training;

import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.ArrayList;
import java.util.List;

/**
 * Mean squared and absolute error of the decoded posterior sample, and the posterior's divergence
 * from the standard normal (Kingma and Welling 2014), per element of the image.
 */
record AutoencoderObjective(
    AutoencoderKl autoencoder,
    Batches batches,
    List<Batches.View> views,
    int batchSize,
    double klWeight)
    implements Objective {

  // furniture is mostly grey and brown on white: at weight 1, and where it is shown as it is, a
  // short training drops colours
  private static final double CHROMA = 3;

  @Override
  public Tensor loss(TorchRandom random) {
    List<Batches.View> batch = new ArrayList<>();
    for (long index : random.randint(0, views.size(), batchSize)) {
      batch.add(views.get((int) index));
    }
    Tensor image = tinted(batches.images(batch), random);
    AutoencoderKl.Posterior posterior = autoencoder.encode(image);
    Shape latent = posterior.mean().shape();
    Tensor noise = Tensor.of(image.backend(), latent, random.randn(latent.size()));
    Tensor decoded = autoencoder.decode(posterior.sample(noise));
    int elements = image.shape().size() / batchSize;
    Tensor difference = decoded.sub(image).linear(chromaWeighted(image), null);
    Tensor reconstruction = difference.square().mean().add(difference.abs().mean());
    return reconstruction.add(posterior.klDivergence().mul(klWeight / elements));
  }

  /** Images [N, H, W, 3], every other one seen through a random colour: white stays white. */
  private static Tensor tinted(Tensor image, TorchRandom random) {
    int samples = image.shape().dim(0);
    float[] chance = random.rand(samples);
    float[] drawn = random.rand(samples * 3);
    double[] tint = new double[samples * 3];
    double[] shift = new double[samples * 3];
    for (int i = 0; i < tint.length; i++) {
      tint[i] = chance[i / 3] < 0.5 ? drawn[i] : 1;
      shift[i] = 1 - tint[i];
    }
    Shape shape = Shape.of(samples, 1, 1, 3);
    return image
        .mul(Tensor.of(image.backend(), image.dtype(), shape, tint))
        .add(Tensor.of(image.backend(), image.dtype(), shape, shift));
  }

  /**
   * The matrix [3, 3] that keeps a pixel's grey part and multiplies the rest by {@link #CHROMA}.
   */
  private static Tensor chromaWeighted(Tensor image) {
    double[] matrix = new double[9];
    for (int i = 0; i < 9; i++) {
      matrix[i] = (1 - CHROMA) / 3 + (i % 4 == 0 ? CHROMA : 0);
    }
    return Tensor.of(image.backend(), image.dtype(), Shape.of(3, 3), matrix);
  }
}
