package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.UNetConfig;
import dev.azimuth.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Where things lie in a diffusers folder. A tensor is named by its part and its name there, {@code
 * unet/conv_in.weight}.
 */
final class DiffusersFolder {
  static final String INDEX = "model_index.json";
  static final String UNET = "unet";
  static final String VAE = "vae";
  static final String CLIP = "image_encoder";

  private static final String OURS = "cc_projection";

  /** What the two dialects call the projection of image embedding and pose. */
  enum Dialect {
    KXIC("cc_projection", "projection", ClipPreprocess.Resizing.REFERENCE),
    BENNYGUO("clip_camera_projection", "proj", ClipPreprocess.Resizing.ANTIALIASED);

    private final String part;
    private final String module;
    private final ClipPreprocess.Resizing resizing;

    Dialect(String part, String module, ClipPreprocess.Resizing resizing) {
      this.part = part;
      this.module = module;
      this.resizing = resizing;
    }

    static Dialect of(CheckpointLayout layout) {
      return switch (layout) {
        case DIFFUSERS_KXIC -> KXIC;
        case DIFFUSERS_BENNYGUO -> BENNYGUO;
        case AZIMUTH, ZERO123_CKPT, SAFETENSORS ->
            throw new IllegalArgumentException(layout + " is no diffusers folder");
      };
    }

    CheckpointLayout layout() {
      return switch (this) {
        case KXIC -> CheckpointLayout.DIFFUSERS_KXIC;
        case BENNYGUO -> CheckpointLayout.DIFFUSERS_BENNYGUO;
      };
    }

    /** The folder of the projection. */
    String part() {
      return part;
    }

    /** How its pipeline resizes views for CLIP. */
    ClipPreprocess.Resizing resizing() {
      return resizing;
    }

    /** The folders that hold weights. */
    List<String> parts() {
      return List.of(UNET, VAE, CLIP, part);
    }
  }

  private DiffusersFolder() {}

  /** The names under which the weights of a part are found, the first choice first. */
  static List<String> weightFiles(String part) {
    return part.equals(CLIP)
        ? List.of("model.safetensors", "pytorch_model.bin", "model.fp16.safetensors")
        : List.of(
            "diffusion_pytorch_model.safetensors",
            "diffusion_pytorch_model.bin",
            "diffusion_pytorch_model.fp16.safetensors");
  }

  /** Where the parameters of a model lie. */
  static SequencedMap<String, Placement> placements(
      SequencedMap<String, Shape> shapes,
      ModelConfig config,
      Dialect dialect,
      boolean hasLinearProjections,
      DiffusersAutoencoder.AttentionNames names) {
    Placements placements = new Placements(shapes);
    new DiffusersUNet(placements, config.unet(), UNET + "/", hasLinearProjections).place();
    new DiffusersAutoencoder(placements, config.autoencoder(), VAE + "/", names).place();
    TransformersClip.place(placements, config.clip(), CLIP + "/");
    placements.module(OURS, dialect.part + "/" + dialect.module);
    return placements.all();
  }

  /** The configurations to be written, by file, each to become JSON. */
  static SequencedMap<String, Map<String, ?>> configurations(ModelConfig config, Dialect dialect) {
    SequencedMap<String, Map<String, ?>> files = new LinkedHashMap<>();
    files.put(INDEX, index(dialect));
    files.put("feature_extractor/preprocessor_config.json", featureExtractor(config));
    files.put(CLIP + "/config.json", clip(config));
    files.put("scheduler/scheduler_config.json", scheduler(config));
    files.put(UNET + "/config.json", unet(config));
    files.put(VAE + "/config.json", autoencoder(config));
    files.put(dialect.part + "/config.json", projection(config, dialect));
    return files;
  }

  private static Map<String, ?> index(Dialect dialect) {
    Map<String, Object> fields = new LinkedHashMap<>();
    switch (dialect) {
      case KXIC -> {
        fields.put("_class_name", "Zero1to3StableDiffusionPipeline");
        fields.put(dialect.part, List.of("pipeline_zero1to3", "CCProjection"));
        fields.put("feature_extractor", List.of("transformers", "CLIPFeatureExtractor"));
      }
      case BENNYGUO -> {
        fields.put("_class_name", "Zero123Pipeline");
        fields.put(dialect.part, List.of("zero123", "CLIPCameraProjection"));
        fields.put("feature_extractor", List.of("transformers", "CLIPImageProcessor"));
      }
    }
    fields.put(CLIP, List.of("transformers", "CLIPVisionModelWithProjection"));
    fields.put("requires_safety_checker", false);
    fields.put("safety_checker", Arrays.asList(null, null));
    fields.put("scheduler", List.of("diffusers", "DDIMScheduler"));
    fields.put(UNET, List.of("diffusers", "UNet2DConditionModel"));
    fields.put(VAE, List.of("diffusers", "AutoencoderKL"));
    return fields;
  }

  private static Map<String, ?> projection(ModelConfig config, Dialect dialect) {
    Map<String, Object> fields = new LinkedHashMap<>();
    switch (dialect) {
      case KXIC -> fields.put("_class_name", "CCProjection");
      case BENNYGUO -> {
        fields.put("_class_name", "CLIPCameraProjection");
        fields.put("embedding_dim", config.clip().outputDim());
        fields.put("additional_embeddings", 4);
      }
    }
    return fields;
  }

  private static Map<String, ?> unet(ModelConfig config) {
    UNetConfig unet = config.unet();
    List<String> down = new ArrayList<>();
    List<String> up = new ArrayList<>();
    List<Integer> channels = new ArrayList<>();
    for (int level = 0; level < unet.levels(); level++) {
      boolean attends = unet.hasAttention(level);
      down.add(attends ? "CrossAttnDownBlock2D" : "DownBlock2D");
      up.addFirst(attends ? "CrossAttnUpBlock2D" : "UpBlock2D");
      channels.add(unet.channels(level));
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("_class_name", "UNet2DConditionModel");
    fields.put("act_fn", "silu");
    fields.put("attention_head_dim", unet.numHeads()); // their number, under the wrong name
    fields.put("block_out_channels", channels);
    fields.put("center_input_sample", false);
    fields.put("cross_attention_dim", unet.contextDim());
    fields.put("down_block_types", down);
    fields.put("downsample_padding", 1);
    fields.put("flip_sin_to_cos", true);
    fields.put("freq_shift", 0);
    fields.put("in_channels", unet.inChannels());
    fields.put("layers_per_block", unet.numResBlocks());
    fields.put("mid_block_scale_factor", 1);
    fields.put("norm_eps", 1e-5);
    fields.put("norm_num_groups", unet.numGroups());
    fields.put("out_channels", unet.outChannels());
    fields.put("sample_size", config.latentSize());
    if (unet.transformerDepth() != 1) {
      fields.put("transformer_layers_per_block", unet.transformerDepth());
    }
    fields.put("up_block_types", up);
    return fields;
  }

  private static Map<String, ?> autoencoder(ModelConfig config) {
    List<String> down = new ArrayList<>();
    List<String> up = new ArrayList<>();
    List<Integer> channels = new ArrayList<>();
    for (int level = 0; level < config.autoencoder().levels(); level++) {
      boolean attends = config.autoencoder().hasAttention(level);
      down.add(attends ? "AttnDownEncoderBlock2D" : "DownEncoderBlock2D");
      up.addFirst(attends ? "AttnUpDecoderBlock2D" : "UpDecoderBlock2D");
      channels.add(config.autoencoder().channels(level));
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("_class_name", "AutoencoderKL");
    fields.put("act_fn", "silu");
    fields.put("block_out_channels", channels);
    fields.put("down_block_types", down);
    fields.put("in_channels", config.autoencoder().inChannels());
    fields.put("latent_channels", config.autoencoder().zChannels());
    fields.put("layers_per_block", config.autoencoder().numResBlocks());
    fields.put("norm_num_groups", config.autoencoder().numGroups());
    fields.put("out_channels", config.autoencoder().outCh());
    fields.put("sample_size", config.autoencoder().resolution());
    fields.put("scaling_factor", config.scaleFactor());
    fields.put("up_block_types", up);
    return fields;
  }

  private static Map<String, ?> clip(ModelConfig config) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("architectures", List.of("CLIPVisionModelWithProjection"));
    fields.put("hidden_act", "quick_gelu");
    fields.put("hidden_size", config.clip().width());
    fields.put("image_size", config.clip().inputResolution());
    fields.put("intermediate_size", 4 * config.clip().width());
    fields.put("layer_norm_eps", 1e-5);
    fields.put("model_type", "clip_vision_model");
    fields.put("num_attention_heads", config.clip().heads());
    fields.put("num_channels", 3);
    fields.put("num_hidden_layers", config.clip().layers());
    fields.put("patch_size", config.clip().patchSize());
    fields.put("projection_dim", config.clip().outputDim());
    return fields;
  }

  private static Map<String, ?> scheduler(ModelConfig config) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("_class_name", "DDIMScheduler");
    fields.put("beta_end", config.schedule().linearEnd());
    fields.put("beta_schedule", "scaled_linear");
    fields.put("beta_start", config.schedule().linearStart());
    fields.put("clip_sample", false);
    fields.put("num_train_timesteps", config.schedule().timesteps());
    fields.put(
        "prediction_type",
        switch (config.predictionType()) {
          case EPSILON -> "epsilon";
          case V_PREDICTION -> "v_prediction";
        });
    fields.put("set_alpha_to_one", false);
    fields.put("steps_offset", 1);
    return fields;
  }

  private static Map<String, ?> featureExtractor(ModelConfig config) {
    int size = config.clip().inputResolution();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("crop_size", Map.of("height", size, "width", size));
    fields.put("do_center_crop", true);
    fields.put("do_convert_rgb", true);
    fields.put("do_normalize", true);
    fields.put("do_rescale", true);
    fields.put("do_resize", true);
    fields.put("image_mean", ClipPreprocess.Statistics.CLIP.mean());
    fields.put("image_processor_type", "CLIPImageProcessor");
    fields.put("image_std", ClipPreprocess.Statistics.CLIP.std());
    fields.put("resample", 3); // Pillow's number for bicubic
    fields.put("rescale_factor", 1.0 / 255);
    fields.put("size", Map.of("shortest_edge", size));
    return fields;
  }
}
