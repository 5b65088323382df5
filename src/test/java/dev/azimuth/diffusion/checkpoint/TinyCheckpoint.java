package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.TinyModels;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.ElementType;
import dev.azimuth.tensor.file.SafeTensorsWriter;
import dev.azimuth.tensor.random.TorchRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/** A tiny model's checkpoint as the reference's names have it: every number differs. */
final class TinyCheckpoint {
  private TinyCheckpoint() {}

  /** The model: transformers at both levels, two of them deep, attention in the autoencoder. */
  static ModelConfig config() {
    String json =
        Configuration.format(TinyModels.model())
            .replace("\"transformer_depth\" : 1", "\"transformer_depth\" : 2")
            .replace("\"attn_resolutions\" : [ ]", "\"attn_resolutions\" : [ 8 ]")
            .replace("\"layers\" : 1", "\"layers\" : 2")
            .replace(
                "\"num_res_blocks\" : 1,\n    \"attention",
                "\"num_res_blocks\" : 2,\n    \"attention");
    return Configuration.parse(json, ModelConfig.class);
  }

  /** The model's parameters, random, rounded to float16 so that every type holds some exactly. */
  static SequencedMap<String, ParameterSource.Stored> parameters() {
    TorchRandom random = new TorchRandom(11);
    SequencedMap<String, ParameterSource.Stored> parameters = new LinkedHashMap<>();
    Zero123.parameterShapes(config())
        .forEach((name, shape) -> parameters.put(name, random(random, shape)));
    return parameters;
  }

  private static ParameterSource.Stored random(TorchRandom random, Shape shape) {
    return new ParameterSource.Stored(shape, random.randn(shape.size()));
  }

  /** The whole state dict: parameters, the UNet's moving average, and what else lies beside. */
  static SequencedMap<String, ParameterSource.Stored> stateDict() {
    SequencedMap<String, ParameterSource.Stored> all = parameters();
    TorchRandom random = new TorchRandom(12);
    Map<String, ParameterSource.Stored> average = new LinkedHashMap<>();
    all.forEach(
        (name, stored) -> {
          if (name.startsWith("model.")) {
            String undotted = name.substring("model.".length()).replace(".", "");
            average.put("model_ema." + undotted, random(random, stored.shape()));
          }
        });
    all.putAll(average);
    all.put("model_ema.decay", scalar(0.9999f));
    all.put("cond_stage_model.model.logit_scale", scalar(4.6f));
    all.put("cond_stage_model.model.ln_final.weight", random(random, Shape.of(5)));
    all.put("cond_stage_model.model.transformer.resblocks.0.ln_1.weight", scalar(1));
    all.put("first_stage_model.loss.logvar", scalar(0));
    all.put("betas", new ParameterSource.Stored(Shape.of(2), new float[] {0.00085f, 0.012f}));
    return all;
  }

  private static ParameterSource.Stored scalar(float value) {
    return new ParameterSource.Stored(Shape.of(), new float[] {value});
  }

  /** Writes a state dict with the model's configuration beside it. */
  static Path write(Path file, Map<String, ParameterSource.Stored> stateDict) throws IOException {
    SafeTensorsWriter writer = new SafeTensorsWriter();
    stateDict.forEach(
        (name, stored) -> writer.add(name, stored.shape().toArray(), stored.values()));
    writer.add("model_ema.num_updates", new int[0], new long[] {105_000}, ElementType.I32);
    writer.metadata("azimuth_config", Configuration.format(config()));
    writer.metadata("global_step", "105000");
    writer.write(file);
    return file;
  }
}
