package dev.azimuth.diffusion;

/**
 * The sizes of a {@link ClipText} tower, as OpenAI's code names them.
 *
 * @param contextLength tokens of a text, filled up behind its end
 * @param vocabSize number of different tokens
 * @param width channels of a token
 * @param heads attention heads; the published models have width / 64
 * @param layers transformer layers
 * @param embedDim width of the embedding
 */
public record ClipTextConfig(
    int contextLength, int vocabSize, int width, int heads, int layers, int embedDim) {

  /** Throws {@link IllegalArgumentException} naming the first size that can't be. */
  public ClipTextConfig {
    Sizes.requirePositive("clip.context_length", contextLength);
    Sizes.requirePositive("clip.vocab_size", vocabSize);
    Sizes.requirePositive("clip.width", width);
    Sizes.requirePositive("clip.heads", heads);
    Sizes.requirePositive("clip.layers", layers);
    Sizes.requirePositive("clip.embed_dim", embedDim);
    Sizes.requireDivides("clip: heads", heads, "width", width);
  }
}
