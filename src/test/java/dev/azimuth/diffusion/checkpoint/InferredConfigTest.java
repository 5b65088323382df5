package dev.azimuth.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.Zero123;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class InferredConfigTest {
  @Test
  void thePublishedShapesGiveThePublishedConfiguration() throws IOException {
    ModelConfig published =
        Configuration.read(Path.of("../../models/full-size/config.json"), ModelConfig.class)
            .withStoredWeights();
    assertEquals(
        published,
        InferredConfig.of(Zero123.parameterShapes(published), NoiseSchedule.Config.PUBLISHED));
  }

  /** A model of other depths and widths, but with the heads and groups that shapes don't tell. */
  @Test
  void otherShapesGiveOtherSizes() throws IOException {
    String json =
        """
        {
          "conditioner": "ZERO123", "image_size": 256, "scale_factor": 0.18215,
          "schedule": {"timesteps": 1000, "linear_start": 0.00085, "linear_end": 0.012},
          "unet": {
            "in_channels": 8, "out_channels": 4, "model_channels": 32, "num_res_blocks": 3,
            "attention_resolutions": [2], "channel_mult": [1, 3, 2], "num_heads": 8,
            "transformer_depth": 2, "context_dim": 24
          },
          "autoencoder": {
            "ch": 32, "ch_mult": [2, 1, 3], "num_res_blocks": 1, "attn_resolutions": [128],
            "in_channels": 3, "out_ch": 3, "z_channels": 5, "resolution": 256, "embed_dim": 4
          },
          "clip": {"input_resolution": 28, "patch_size": 7, "width": 128, "layers": 3,
                   "heads": 2, "output_dim": 10}
        }
        """;
    ModelConfig config = Configuration.parse(json, ModelConfig.class);
    assertEquals(
        config, InferredConfig.of(Zero123.parameterShapes(config), NoiseSchedule.Config.PUBLISHED));
  }

  @Test
  void namesWhatIsMissing() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> InferredConfig.of(Map.of(), NoiseSchedule.Config.PUBLISHED));
    assertTrue(String.valueOf(e.getMessage()).contains("time_embed.0.weight"), e.getMessage());
  }
}
