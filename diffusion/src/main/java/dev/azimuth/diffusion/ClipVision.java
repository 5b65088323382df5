package dev.azimuth.diffusion;

import dev.azimuth.nn.Conv2d;
import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.nn.Initialization;
import dev.azimuth.nn.LayerNorm;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Conv2dGeometry.Padding;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * CLIP's vision transformer with its projection (Radford et al. 2021; OpenAI {@code clip/model.py},
 * {@code VisionTransformer}).
 */
public final class ClipVision implements Module {
  private final ClipVisionConfig config;
  private final Conv2d conv1;
  private final Tensor classEmbedding;
  private final Tensor positionalEmbedding;
  private final LayerNorm lnPre;
  private final List<ClipBlock> layers;
  private final LayerNorm lnPost;
  private final Tensor proj;

  /** Parameters as OpenAI names them: {@code conv1, class_embedding, ..., proj}. */
  public ClipVision(Parameters p, ClipVisionConfig config) {
    this.config = config;
    int width = config.width();
    Initialization normal = Initialization.normal(1 / Math.sqrt(width));
    Window patch = new Window(config.patchSize(), config.patchSize(), Padding.of(0));
    this.conv1 = Conv2d.withoutBias(p.at("conv1"), 3, width, patch);
    this.classEmbedding = p.tensor("class_embedding", normal, width);
    this.positionalEmbedding = p.tensor("positional_embedding", normal, config.tokens(), width);
    this.lnPre = new LayerNorm(p.at("ln_pre"), width);
    Parameters blocks = p.at("transformer").at("resblocks");
    this.layers =
        IntStream.range(0, config.layers())
            .mapToObj(i -> new ClipBlock(blocks.at(i), width, config.heads(), false))
            .toList();
    this.lnPost = new LayerNorm(p.at("ln_post"), width);
    this.proj = p.tensor("proj", normal, width, config.outputDim());
  }

  /** The configuration it was built from. */
  public ClipVisionConfig config() {
    return config;
  }

  /** Where it computes. */
  public Backend backend() {
    return proj.backend();
  }

  /** Preprocessed pixels [N, R, R, 3] to embeddings [N, outputDim], not normalised. */
  @Override
  public Tensor forward(Tensor pixels) {
    Tensor x = hidden(pixels);
    Tensor first = x.slice(1, 0, 1).reshape(x.shape().dim(0), config.width());
    return lnPost.forward(first).matmul(proj);
  }

  /**
   * Every token where {@link #forward} puts the class token alone: [N, tokens, outputDim], the
   * embedding first, then the patches row by row.
   */
  public Tensor tokens(Tensor pixels) {
    return lnPost.forward(hidden(pixels)).matmul(proj);
  }

  private Tensor hidden(Tensor pixels) {
    int size = config.inputResolution();
    Check.shape("clip", "pixels", pixels, -1, size, size, 3);
    int n = pixels.shape().dim(0);
    int width = config.width();
    Tensor patches = conv1.forward(pixels).reshape(n, config.tokens() - 1, width);
    Tensor first = classEmbedding.reshape(1, 1, width).expand(n, 1, width);
    Tensor x = Tensor.concat(1, first, patches).add(positionalEmbedding);
    x = lnPre.forward(x);
    for (ClipBlock layer : layers) {
      x = layer.forward(x);
    }
    return x;
  }
}
