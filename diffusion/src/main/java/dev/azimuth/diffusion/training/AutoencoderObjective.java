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

  // furniture is mostly grey and brown on white: at weight 1 a short training drops colour
  // altogether
  private static final double CHROMA = 3;

  @Override
  public Tensor loss(TorchRandom random) {
    List<Batches.View> batch = new ArrayList<>();
    for (long index : random.randint(0, views.size(), batchSize)) {
      batch.add(views.get((int) index));
    }
    Tensor image = recoloured(batches.images(batch), random);
    AutoencoderKl.Posterior posterior = autoencoder.encode(image);
    Shape latent = posterior.mean().shape();
    Tensor noise = Tensor.of(image.backend(), latent, random.randn(latent.size()));
    Tensor decoded = autoencoder.decode(posterior.sample(noise));
    int elements = image.shape().size() / batchSize;
    Tensor difference = decoded.sub(image).linear(chromaWeighted(image), null);
    Tensor reconstruction = difference.square().mean().add(difference.abs().mean());
    return reconstruction.add(posterior.klDivergence().mul(klWeight / elements));
  }

  /** Images [N, H, W, 3], the colour channels of each in an order of its own. */
  private static Tensor recoloured(Tensor image, TorchRandom random) {
    // by themselves few objects are green or blue: an autoencoder that sees those makes them grey
    int samples = image.shape().dim(0);
    double[] orders = new double[samples * 9];
    for (int n = 0; n < samples; n++) {
      int[] order = random.randperm(3);
      for (int channel = 0; channel < 3; channel++) {
        orders[n * 9 + order[channel] * 3 + channel] = 1;
      }
    }
    Tensor permutations =
        Tensor.of(image.backend(), image.dtype(), Shape.of(samples, 3, 3), orders);
    int height = image.shape().dim(1);
    int width = image.shape().dim(2);
    return image
        .reshape(samples, height * width, 3)
        .matmul(permutations)
        .reshape(samples, height, width, 3);
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
