package dev.azimuth.diffusion;

import dev.azimuth.nn.Initialization;
import dev.azimuth.nn.LayerNorm;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.ShapeException;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * CLIP's text transformer with its projection (Radford et al. 2021; OpenAI {@code clip/model.py},
 * {@code CLIP.encode_text}): a token sees itself and those before it, and the last token of a text,
 * which has the largest number, comes to stand for all.
 */
public final class ClipText {
  private final ClipTextConfig config;
  private final Tensor tokenEmbedding;
  private final Tensor positionalEmbedding;
  private final List<ClipBlock> layers;
  private final LayerNorm lnFinal;
  private final Tensor textProjection;

  /**
   * Texts as the tower understands them.
   *
   * @param hidden each token [N, contextLength, width], normalised
   * @param embedding each text [N, embedDim], not normalised
   */
  public record Encoding(Tensor hidden, Tensor embedding) {}

  /** Parameters as OpenAI names them: {@code token_embedding, ..., text_projection}. */
  public ClipText(Parameters p, ClipTextConfig config) {
    this.config = config;
    int width = config.width();
    this.tokenEmbedding =
        p.at("token_embedding")
            .tensor("weight", Initialization.normal(0.02), config.vocabSize(), width);
    this.positionalEmbedding =
        p.tensor(
            "positional_embedding", Initialization.normal(0.01), config.contextLength(), width);
    Parameters blocks = p.at("transformer").at("resblocks");
    this.layers =
        IntStream.range(0, config.layers())
            .mapToObj(i -> new ClipBlock(blocks.at(i), width, config.heads(), true))
            .toList();
    this.lnFinal = new LayerNorm(p.at("ln_final"), width);
    this.textProjection =
        p.tensor(
            "text_projection",
            Initialization.normal(1 / Math.sqrt(width)),
            width,
            config.embedDim());
  }

  /** The configuration it was built from. */
  public ClipTextConfig config() {
    return config;
  }

  /**
   * Encodes texts.
   *
   * @param tokens the texts' tokens one after the other, {@code contextLength} each; the end of a
   *     text is its largest, the first of them where there are several
   * @throws ShapeException if the tokens don't fill whole texts
   * @throws IllegalArgumentException if a token isn't in the vocabulary
   */
  public Encoding forward(int... tokens) {
    int length = config.contextLength();
    int width = config.width();
    int n = tokens.length / length;
    if (n == 0 || tokens.length % length != 0) {
      throw new ShapeException(
          "clipText",
          "needs whole texts of " + length + " tokens; got " + tokens.length,
          Shape.of(tokens.length));
    }
    Tensor x = tokenEmbedding.gather(tokens, Shape.of(n, length)).add(positionalEmbedding);
    for (ClipBlock layer : layers) {
      x = layer.forward(x);
    }
    Tensor hidden = lnFinal.forward(x);
    Tensor ends = hidden.reshape(n * length, width).gather(ends(tokens, length), Shape.of(n));
    return new Encoding(hidden, ends.matmul(textProjection));
  }

  /** The row of each text's first largest token. */
  private static int[] ends(int[] tokens, int length) {
    int[] ends = new int[tokens.length / length];
    for (int i = 0; i < ends.length; i++) {
      ends[i] = i * length;
      for (int row = ends[i] + 1; row < (i + 1) * length; row++) {
        ends[i] = tokens[row] > tokens[ends[i]] ? row : ends[i];
      }
    }
    return ends;
  }
}
