package dev.azimuth.app;

import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.diffusion.ViewEncoder;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A model of 16 x 16 pixels with random weights: it makes noise, but in every detail a model. */
final class TinyModel {
  static final String CONFIG =
      """
      {
        "conditioner": "ZERO123",
        "image_size": 16,
        "scale_factor": 1.0,
        "schedule": {"timesteps": 1000, "linear_start": 0.00085, "linear_end": 0.012},
        "unet": {
          "in_channels": 8, "out_channels": 4, "model_channels": 8, "num_res_blocks": 1,
          "attention_resolutions": [2], "channel_mult": [1, 2], "num_heads": 2,
          "transformer_depth": 1, "context_dim": 8, "num_groups": 4
        },
        "autoencoder": {
          "ch": 8, "ch_mult": [1, 1], "num_res_blocks": 1, "attn_resolutions": [],
          "in_channels": 3, "out_ch": 3, "z_channels": 4, "resolution": 16, "embed_dim": 4,
          "num_groups": 4
        },
        "clip": {
          "input_resolution": 16, "patch_size": 8, "width": 8, "layers": 1, "heads": 2,
          "output_dim": 8
        },
        "sampling": {"rule": "REFERENCE", "steps": 4, "scale": 2.0, "eta": 1.0}
      }
      """;

  private TinyModel() {}

  /** Writes the model's folder. */
  static Path write(Path folder) throws IOException {
    return write(folder, CONFIG);
  }

  /** Writes the folder of a model of this configuration. */
  static Path write(Path folder, String json) throws IOException {
    ModelConfig config = Configuration.parse(json, ModelConfig.class);
    try (Backend backend = CpuBackend.scalar(1)) {
      Parameters root = Parameters.initialized(backend, DType.FLOAT32, new TorchRandom(5));
      new UNet(root.at("model").at("diffusion_model"), config.unet());
      AutoencoderKl autoencoder =
          new AutoencoderKl(root.at("first_stage_model"), config.autoencoder());
      ClipVision clip =
          new ClipVision(root.at("cond_stage_model").at("model").at("visual"), config.clip());
      config
          .conditioner()
          .build(
              root.at("cc_projection"),
              new ViewEncoder(autoencoder, clip, config.clipResize()),
              config.unet().contextDim());
      Zero123.save(folder, config, shaken(root.published()), ElementType.F32);
    }
    return folder;
  }

  /** Fresh networks end in zeros, behind which nothing of picture and pose would be seen. */
  private static Map<String, ParameterSource.Stored> shaken(
      Map<String, ParameterSource.Stored> fresh) {
    TorchRandom random = new TorchRandom(6);
    Map<String, ParameterSource.Stored> all = new LinkedHashMap<>();
    fresh.forEach(
        (name, stored) -> {
          float[] values = stored.values().clone();
          float[] noise = random.randn(values.length);
          for (int i = 0; i < values.length; i++) {
            values[i] += 0.1f * noise[i];
          }
          all.put(name, new ParameterSource.Stored(stored.shape(), values));
        });
    return all;
  }
}
