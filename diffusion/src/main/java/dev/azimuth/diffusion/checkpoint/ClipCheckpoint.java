package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipText;
import dev.azimuth.diffusion.ClipTextConfig;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.ClipVisionConfig;
import dev.azimuth.diffusion.text.ClipTokenizer;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.file.FileFormatException;
import dev.azimuth.tensor.file.TensorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * OpenAI's CLIP as it is published (Radford et al. 2021; {@code clip/clip.py}): both towers.
 *
 * <p>Read are the published TorchScript archives ({@code ViT-B-32.pt}, {@code ViT-B-16.pt}, {@code
 * ViT-L-14.pt}) and state dicts of theirs in any container. Not read are the ResNet towers and the
 * names of Hugging Face's transformers. LAION's models (OpenCLIP) have these names too, but another
 * activation, which no shape tells: they aren't supported, though one of these sizes would load.
 */
public final class ClipCheckpoint {
  private static final String VISUAL = "visual.";
  private static final int HEAD = 64;

  /** In the archives beside the parameters: the learned temperature, and sizes as numbers. */
  private static final Set<String> BESIDE =
      Set.of("logit_scale", "input_resolution", "context_length", "vocab_size");

  private final ClipVision vision;
  private final ClipText text;
  private final ClipPreprocess preprocess;

  private ClipCheckpoint(ClipVision vision, ClipText text) {
    this.vision = vision;
    this.text = text;
    this.preprocess =
        new ClipPreprocess(vision.config().inputResolution(), ClipPreprocess.Resizing.ANTIALIASED);
  }

  /**
   * Both towers on a backend; their sizes follow from the shapes.
   *
   * @throws FileFormatException saying what it holds instead if it isn't such a model
   */
  public static ClipCheckpoint open(Backend backend, Path path) throws IOException {
    Map<String, Shape> stored = new HashMap<>();
    try (TensorFile file = TensorFiles.open(path)) {
      file.entries().forEach((name, tensor) -> stored.put(name, Shape.of(tensor.shape())));
    }
    ClipVisionConfig visionConfig;
    ClipTextConfig textConfig;
    try {
      requireTransformers(stored);
      visionConfig = InferredConfig.clip(stored, VISUAL);
      textConfig = text(stored);
    } catch (IllegalArgumentException e) {
      throw new FileFormatException(path, "not one of OpenAI's CLIP models: " + e.getMessage(), e);
    }
    Parameters outline = Parameters.outlined();
    new ClipVision(outline.at("visual"), visionConfig);
    new ClipText(outline, textConfig);
    PublishedWeights weights =
        new PublishedWeights("OpenAI's CLIP", outline.shapes(), name -> name, BESIDE::contains);
    Parameters root =
        Parameters.stored(
            backend, Parameters.Storage.FLOAT32, ParameterSource.of(weights.read(path)));
    return new ClipCheckpoint(
        new ClipVision(root.at("visual"), visionConfig), new ClipText(root, textConfig));
  }

  private static void requireTransformers(Map<String, Shape> stored) {
    if (stored.containsKey("visual.layer1.0.conv1.weight")) {
      throw new IllegalArgumentException("its image tower is a ResNet; the ViT ones are read");
    }
    if (stored.keySet().stream().anyMatch(name -> name.startsWith("vision_model."))) {
      throw new IllegalArgumentException(
          "its names are those of transformers; OpenAI's own file is read");
    }
  }

  private static ClipTextConfig text(Map<String, Shape> stored) {
    Shape tokens = matrix(stored, "token_embedding.weight");
    int layers = 0;
    while (stored.containsKey("transformer.resblocks." + layers + ".ln_1.weight")) {
      layers++;
    }
    int width = tokens.dim(1);
    return new ClipTextConfig(
        matrix(stored, "positional_embedding").dim(0),
        tokens.dim(0),
        width,
        Math.max(1, width / HEAD),
        layers,
        matrix(stored, "text_projection").dim(1));
  }

  private static Shape matrix(Map<String, Shape> stored, String name) {
    Shape shape = stored.get(name);
    if (shape == null || shape.rank() != 2) {
      throw new IllegalArgumentException("sizes can't be told without " + name);
    }
    return shape;
  }

  /** {@code ViT-B/32}, or its width where that isn't a published one. */
  public String name() {
    ClipVisionConfig config = vision.config();
    String size =
        switch (config.width()) {
          case 768 -> "B";
          case 1024 -> "L";
          default -> Integer.toString(config.width());
        };
    return "ViT-%s/%d".formatted(size, config.patchSize());
  }

  /** The sizes of the image tower. */
  public ClipVisionConfig config() {
    return vision.config();
  }

  /** Embeddings [N, D], not normalised, of pictures [N, H, W, 3] in [-1, 1]. */
  public Tensor embed(Tensor image) {
    return vision.forward(preprocess.forward(image));
  }

  /**
   * The embedding [1, D], not normalised, of a text, cut if it is too long.
   *
   * @param tokenizer over CLIP's vocabulary
   */
  public Tensor embed(String caption, ClipTokenizer tokenizer) {
    return text.forward(tokenizer.tokens(caption, text.config().contextLength(), true)).embedding();
  }
}
