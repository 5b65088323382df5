package dev.azimuth.app.replay;

import static dev.azimuth.app.replay.OpKinds.toChannelsFirst;
import static dev.azimuth.app.replay.OpKinds.toChannelsLast;

import dev.azimuth.diffusion.AutoencoderConfig;
import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipText;
import dev.azimuth.diffusion.ClipTextConfig;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.ClipVisionConfig;
import dev.azimuth.diffusion.Decoder;
import dev.azimuth.diffusion.Encoder;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.diffusion.UNetConfig;
import dev.azimuth.nn.Linear;
import dev.azimuth.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The kinds that are a network, or networks together. Published images are [N, C, H, W]. */
final class NetworkKinds {
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

  static AutoencoderConfig autoencoderConfig(ReplayConfig c) {
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

  static ClipVisionConfig clipConfig(ReplayConfig c) {
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
    UNet unet = new UNet(r.parameters(), unetConfig(r.config()));
    Tensor out =
        unet.forward(toChannelsLast(r.input("x")), r.longs("timesteps"), r.context("context"));
    return Map.of("out", toChannelsFirst(out));
  }

  static Map<String, Tensor> cameraProjection(Replay r) {
    int in = r.config().integer("embed_dim") + r.config().integer("pose_dim");
    Linear projection =
        Linear.of(r.parameters().at("cc_projection"), in, r.config().integer("out_dim"));
    Tensor both = Tensor.concat(-1, r.input("clip_embedding"), r.input("T"));
    return Map.of("c_crossattn", projection.forward(both));
  }

  static Map<String, Tensor> clipVision(Replay r) {
    ClipVision clip = new ClipVision(r.parameters(), clipConfig(r.config()));
    return Map.of("embedding", clip.forward(toChannelsLast(r.input("pixels"))));
  }

  static Map<String, Tensor> clipPreprocess(Replay r) {
    ClipPreprocess preprocess = clipPreprocess(r.config(), "");
    return Map.of("pixels", toChannelsFirst(preprocess.forward(toChannelsLast(r.input("image")))));
  }

  /** The preprocessing whose names in the configuration begin with {@code prefix}. */
  static ClipPreprocess clipPreprocess(ReplayConfig c, String prefix) {
    int[] size = c.integers(prefix + "size");
    if (size.length != 2) {
      throw new IllegalArgumentException("config: " + prefix + "size must be height and width");
    }
    return new ClipPreprocess(
        size[0],
        size[1],
        new ClipPreprocess.Statistics(c.numbers(prefix + "mean"), c.numbers(prefix + "std")),
        ClipPreprocess.Resizing.REFERENCE);
  }

  static Map<String, Tensor> clipText(Replay r) {
    ReplayConfig c = r.config();
    ClipText clip =
        new ClipText(
            r.parameters(),
            new ClipTextConfig(
                c.integer("context_length"),
                c.integer("vocab_size"),
                c.integer("width"),
                c.integer("heads"),
                c.integer("layers"),
                c.integer("embed_dim")));
    ClipText.Encoding encoding = clip.forward(r.integers("tokens"));
    return Map.of("hidden", encoding.hidden(), "embedding", encoding.embedding());
  }
}
