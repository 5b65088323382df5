package dev.azimuth.diffusion;

import dev.azimuth.diffusion.ConditionerConfig.Concat;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;

/**
 * Model One: any number of condition views, each with its own move to the new view made into a
 * token by the published projection, the tokens side by side. Attention sums over tokens, so their
 * order doesn't matter; with one view it is the published model, to the bit and with its weights.
 *
 * <p>Beside the noisy latent there is room for one. {@link Concat#NEAREST} takes the view at the
 * smallest angle from the new one: it shares most surface with it, it depends on the set of views
 * and not on their order, and the network can tell whose latent it is, since that view's token
 * holds the smallest move. {@link Concat#MEAN} is the alternative that favours none, and blurs.
 */
public final class MultiViewConditioner implements Conditioner {
  private final ViewEncoder encoder;
  private final PublishedProjection projection;
  private final Concat concat;

  /** Parameters {@code weight} [contextDim, embedding + 4] and {@code bias} of cc_projection. */
  public MultiViewConditioner(Parameters p, ViewEncoder encoder, int contextDim, Concat concat) {
    this.encoder = encoder;
    this.projection = new PublishedProjection(p, encoder.clip().config().outputDim(), contextDim);
    this.concat = concat;
  }

  @Override
  public ViewEncoder encoder() {
    return encoder;
  }

  @Override
  public ViewEncoder.Detail detail() {
    return ViewEncoder.Detail.POOLED;
  }

  @Override
  public boolean takesManyViews() {
    return true;
  }

  @Override
  public Conditioning condition(ConditionViews views) {
    Tensor tokens =
        projection.forward(views.pooled(), views.moves()).reshape(views.batch(), views.count(), -1);
    Context context =
        views.count() == 1 ? new Context.SingleToken(tokens) : new Context.Tokens(tokens);
    return new Conditioning(context, latent(views));
  }

  private Tensor latent(ConditionViews views) {
    if (views.count() == 1) {
      return views.onlyLatent();
    }
    return switch (concat) {
      case MEAN -> views.latent().mean(1);
      case NEAREST -> {
        int[] rows = views.nearest();
        for (int b = 0; b < rows.length; b++) {
          rows[b] += b * views.count();
        }
        Shape all = views.latent().shape();
        yield views
            .latent()
            .reshape(views.batch() * views.count(), -1)
            .gather(rows, Shape.of(views.batch()))
            .reshape(views.batch(), all.dim(2), all.dim(3), all.dim(4));
      }
    };
  }
}
