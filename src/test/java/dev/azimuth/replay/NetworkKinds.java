package dev.azimuth.replay;

import static dev.azimuth.replay.OpKinds.toChannelsFirst;
import static dev.azimuth.replay.OpKinds.toChannelsLast;

import dev.azimuth.diffusion.AutoencoderConfig;
import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.ClipVisionConfig;
import dev.azimuth.diffusion.Conditioning;
import dev.azimuth.diffusion.Decoder;
import dev.azimuth.diffusion.Encoder;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.diffusion.UNetConfig;
import dev.azimuth.diffusion.Zero123Conditioner;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.Linear;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;
import dev.azimuth.views.Camera;
import dev.azimuth.views.RelativePose;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The kinds that are a network, or networks together. Published images are [N, C, H, W]. */
final class NetworkKinds {
  private static final String FIRST_STAGE = "first_stage_model";
  private static final String PROJECTION = "cc_projection";

  private NetworkKinds() {}

  static UNetConfig unetConfig(ReplayConfig c) {
    return new UNetConfig(
        c.integer("in_channels"),
        c.integer("out_channels"),
        c.integer("model_channels"),
        c.integer("num_res_blocks"),
        list(c, "attention_resolutions"),
        list(c, "channel_mult"),
        c.integer("num_heads"),
        c.integer("transformer_depth"),
        c.integer("context_dim"),
        BlockKinds.GROUPS);
  }

  private static AutoencoderConfig autoencoderConfig(ReplayConfig c) {
    return new AutoencoderConfig(
        c.integer("ch"),
        list(c, "ch_mult"),
        c.integer("num_res_blocks"),
        list(c, "attn_resolutions"),
        c.integer("in_channels"),
        c.integer("out_ch"),
        c.integer("z_channels"),
        c.integer("resolution"),
        c.has("embed_dim") ? c.integer("embed_dim") : 0,
        BlockKinds.GROUPS);
  }

  private static ClipVisionConfig clipConfig(ReplayConfig c) {
    return new ClipVisionConfig(
        c.integer("input_resolution"),
        c.integer("patch_size"),
        c.integer("width"),
        c.integer("layers"),
        c.integer("heads"),
        c.integer("output_dim"));
  }

  private static List<Integer> list(ReplayConfig config, String name) {
    return Arrays.stream(config.integers(name)).boxed().toList();
  }

  static Map<String, Tensor> vaeEncoder(Replay r) {
    Encoder encoder = new Encoder(r.parameters(), autoencoderConfig(r.config()));
    return Map.of("h", toChannelsFirst(encoder.forward(toChannelsLast(r.input("image")))));
  }

  static Map<String, Tensor> vaeDecoder(Replay r) {
    Decoder decoder = new Decoder(r.parameters(), autoencoderConfig(r.config()));
    return Map.of("image", toChannelsFirst(decoder.forward(toChannelsLast(r.input("z")))));
  }

  static Map<String, Tensor> autoencoderKl(Replay r) {
    AutoencoderKl autoencoder = new AutoencoderKl(r.parameters(), autoencoderConfig(r.config()));
    Tensor moments = autoencoder.moments(toChannelsLast(r.input("image")));
    AutoencoderKl.Posterior posterior = autoencoder.posterior(moments);
    Tensor sample = posterior.sample(toChannelsLast(r.input("noise")));
    return Map.of(
        "moments", toChannelsFirst(moments),
        "mean", toChannelsFirst(posterior.mean()),
        "logvar", toChannelsFirst(posterior.logVariance()),
        "sample", toChannelsFirst(sample),
        "decoded", toChannelsFirst(autoencoder.decode(sample)));
  }

  static Map<String, Tensor> unet(Replay r) {
    return unet(r, BlockKinds.GENERAL);
  }

  static Map<String, Tensor> unet(Replay r, Function<Tensor, Context> path) {
    UNet unet = new UNet(r.parameters(), unetConfig(r.config()));
    Tensor out =
        unet.forward(
            toChannelsLast(r.input("x")),
            BlockKinds.timesteps(r, "timesteps"),
            path.apply(r.input("context")));
    return Map.of("out", toChannelsFirst(out));
  }

  static Map<String, Tensor> cameraProjection(Replay r) {
    int in = r.config().integer("embed_dim") + r.config().integer("pose_dim");
    Linear projection = Linear.of(r.parameters().at(PROJECTION), in, r.config().integer("out_dim"));
    Tensor both = Tensor.concat(2, r.input("clip_embedding"), r.input("T"));
    return Map.of("c_crossattn", projection.forward(both));
  }

  static Map<String, Tensor> clipVision(Replay r) {
    ClipVision clip = new ClipVision(r.parameters(), clipConfig(r.config()));
    return Map.of("embedding", clip.forward(toChannelsLast(r.input("pixels"))));
  }

  static Map<String, Tensor> clipPreprocess(Replay r) {
    int[] size = r.config().integers("size");
    if (size.length != 2 || size[0] != size[1]) {
      throw new IllegalArgumentException("clip_preprocess: the size must be square");
    }
    Tensor pixels = new ClipPreprocess(size[0]).forward(toChannelsLast(r.input("image")));
    return Map.of("pixels", toChannelsFirst(pixels));
  }

  static Map<String, Tensor> zero123Condition(Replay r) {
    return switch (r.config().text("mode")) {
      case "inference" -> conditionAtInference(r);
      case "train" -> conditionInTraining(r);
      default -> throw new IllegalArgumentException("mode " + r.config().text("mode"));
    };
  }

  /** The networks of a {@code zero123_condition} record, which holds no decoder. */
  private record Conditioners(AutoencoderKl autoencoder, Zero123Conditioner conditioner) {
    static Conditioners of(Replay r) {
      AutoencoderConfig config = autoencoderConfig(r.config().object("vae"));
      Parameters drawn = Parameters.initialized(r.backend(), DType.FLOAT32, new TorchRandom(0));
      new AutoencoderKl(drawn.at(FIRST_STAGE), config);
      Map<String, ParameterSource.Stored> unused = new LinkedHashMap<>(drawn.published());
      unused
          .keySet()
          .removeIf(
              name ->
                  !name.startsWith(FIRST_STAGE + ".decoder.")
                      && !name.startsWith(FIRST_STAGE + ".post_quant_conv."));
      Parameters p = r.parametersBeside(unused);
      AutoencoderKl autoencoder = new AutoencoderKl(p.at(FIRST_STAGE), config);
      ClipVision clip =
          new ClipVision(
              p.at("cond_stage_model").at("model").at("visual"),
              clipConfig(r.config().object("clip")));
      int contextDim = r.config().object(PROJECTION).integer("out_dim");
      Zero123Conditioner conditioner =
          new Zero123Conditioner(p.at(PROJECTION), autoencoder, clip, contextDim);
      return new Conditioners(autoencoder, conditioner);
    }
  }

  private static Map<String, Tensor> conditionAtInference(Replay r) {
    Zero123Conditioner conditioner = Conditioners.of(r).conditioner;
    ReplayConfig c = r.config();
    // the demo's x is a polar angle, which grows downwards; ours is an elevation
    float[] pose = RelativePose.ofDegrees(-c.number("x"), c.number("y"), c.number("z")).toVector();
    int samples = c.integer("n_samples");
    Tensor image = toChannelsLast(r.input("image"));
    Tensor one = Tensor.of(r.backend(), Shape.of(1, 4), pose);
    Conditioning conditioning =
        conditioner.condition(
            image.expand(samples, c.integer("h"), c.integer("w"), 3), one.expand(samples, 4));
    Conditioning none = conditioning.unconditional();
    Tensor embedding = conditioner.embed(image);
    return Map.of(
        "T", one.reshape(4),
        "clip_embedding", embedding.reshape(1, 1, embedding.shape().dim(1)),
        "c_crossattn", conditioning.context().tokens(),
        "c_concat", toChannelsFirst(conditioning.concat()),
        "uc_crossattn", none.context().tokens(),
        "uc_concat", toChannelsFirst(none.concat()));
  }

  private static Map<String, Tensor> conditionInTraining(Replay r) {
    Conditioners networks = Conditioners.of(r);
    Tensor random = r.input("random");
    int n = random.shape().dim(0);
    Tensor poses = poses(r, n);
    Tensor condition = r.input("image_cond");
    double uncond = r.config().number("uncond");
    Tensor embedding =
        networks.conditioner.embed(condition).mul(kept(random, u -> u >= 2 * uncond, n, 1));
    Tensor concat =
        networks
            .autoencoder
            .encode(condition)
            .mean()
            .mul(kept(random, u -> u < uncond || u >= 3 * uncond, n, 1, 1, 1));
    AutoencoderKl.Posterior target = networks.autoencoder.encode(r.input("image_target"));
    Tensor z = target.sample(toChannelsLast(r.input("posterior_noise")));
    return Map.of(
        "T", poses,
        "z", toChannelsFirst(z.mul(r.config().number("scale_factor"))),
        "c_crossattn", networks.conditioner.token(embedding, poses).tokens(),
        "c_concat", toChannelsFirst(concat));
  }

  /** 1 for the samples that keep a condition, else 0. */
  private static Tensor kept(Tensor random, Function<Float, Boolean> keeps, int... dims) {
    float[] u = random.toFloats();
    float[] kept = new float[u.length];
    for (int i = 0; i < u.length; i++) {
      kept[i] = keeps.apply(u[i]) ? 1 : 0;
    }
    return Tensor.of(random.backend(), Shape.of(dims), kept);
  }

  private static Tensor poses(Replay r, int n) {
    double[] condition = r.input("cond_RT").toDoubles();
    double[] target = r.input("target_RT").toDoubles();
    float[] poses = new float[4 * n];
    for (int i = 0; i < n; i++) {
      RelativePose pose = RelativePose.between(camera(condition, i), camera(target, i));
      System.arraycopy(pose.toVector(), 0, poses, 4 * i, 4);
    }
    return Tensor.of(r.backend(), Shape.of(n, 4), poses);
  }

  private static Camera camera(double[] matrices, int i) {
    return Camera.of(
        Arrays.copyOfRange(matrices, 12 * i, 12 * (i + 1)), Camera.PUBLISHED_FIELD_OF_VIEW);
  }
}
