package dev.azimuth.diffusion;

/**
 * The sizes of a {@link ClipVision} tower, as OpenAI's code names them.
 *
 * @param inputResolution height and width of the image
 * @param patchSize height and width of a patch
 * @param width channels of a token
 * @param layers transformer layers
 * @param heads attention heads; the published models have width / 64
 * @param outputDim width of the embedding
 */
public record ClipVisionConfig(
    int inputResolution, int patchSize, int width, int layers, int heads, int outputDim) {

  /** Throws {@link IllegalArgumentException} naming the first size that can't be. */
  public ClipVisionConfig {
    Sizes.requirePositive("clip.input_resolution", inputResolution);
    Sizes.requirePositive("clip.patch_size", patchSize);
    Sizes.requirePositive("clip.width", width);
    Sizes.requirePositive("clip.layers", layers);
    Sizes.requirePositive("clip.heads", heads);
    Sizes.requirePositive("clip.output_dim", outputDim);
    Sizes.requireDivides("clip: heads", heads, "width", width);
    if (patchSize > inputResolution) {
      throw new IllegalArgumentException(
          "clip.patch_size: " + patchSize + " exceeds the image, " + inputResolution);
    }
  }

  /** Number of tokens: patches and the class token. */
  public int tokens() {
    int side = inputResolution / patchSize;
    return side * side + 1;
  }
}
