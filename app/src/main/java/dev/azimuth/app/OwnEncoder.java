package dev.azimuth.app;

import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.checkpoint.Checkpoint;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.ParameterSource.Stored;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A model's own image encoder, which learned to tell objects apart: what pictures are compared by
 * where no published network was brought. Its distances bear its name, never LPIPS, FID or CLIP.
 */
final class OwnEncoder {
  private static final String TOWER = "cond_stage_model.model.visual.";

  private final ClipVision tower;
  private final ClipPreprocess preprocess;

  private OwnEncoder(ClipVision tower, ClipPreprocess preprocess) {
    this.tower = tower;
    this.preprocess = preprocess;
  }

  /** The encoder of a model in any layout. */
  static OwnEncoder open(Backend backend, Path model) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(model)) {
      ModelConfig config = checkpoint.config();
      Map<String, Stored> stored = new LinkedHashMap<>();
      ParameterSource all = checkpoint.parameters();
      for (String name : all.names()) {
        if (name.startsWith(TOWER)) {
          stored.put(name.substring(TOWER.length()), new Stored(all.shape(name), all.values(name)));
        }
      }
      Parameters root =
          Parameters.stored(backend, Parameters.Storage.FLOAT32, ParameterSource.of(stored));
      ClipVision tower = new ClipVision(root, config.clip());
      root.requireComplete();
      return new OwnEncoder(
          tower, new ClipPreprocess(config.clip().inputResolution(), config.clipResize()));
    }
  }

  /** Embeddings [N, D], not normalised, of pictures [N, H, W, 3] in [-1, 1]. */
  Tensor embed(Tensor image) {
    return tower.forward(preprocess.forward(image));
  }
}
