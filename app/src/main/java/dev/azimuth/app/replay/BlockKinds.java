package dev.azimuth.app.replay;

import static dev.azimuth.app.replay.OpKinds.toChannelsFirst;
import static dev.azimuth.app.replay.OpKinds.toChannelsLast;

import dev.azimuth.diffusion.AutoencoderAttention;
import dev.azimuth.diffusion.AutoencoderResidualBlock;
import dev.azimuth.nn.BasicTransformerBlock;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.CrossAttention;
import dev.azimuth.nn.Downsample;
import dev.azimuth.nn.GegluFeedForward;
import dev.azimuth.nn.ResidualBlock;
import dev.azimuth.nn.SpatialTransformer;
import dev.azimuth.nn.TimestepEmbedding;
import dev.azimuth.nn.Upsample;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Tensor;
import java.util.Map;
import java.util.function.Function;

/** The kinds that are one module. Published images are [N, C, H, W]. */
final class BlockKinds {
  /** Groups of every published group norm. */
  static final int GROUPS = 32;

  private BlockKinds() {}

  static Map<String, Tensor> timestepEmbedding(Replay r) {
    TimestepEmbedding embedding =
        new TimestepEmbedding(r.config().integer("dim"), r.config().number("max_period"));
    return Map.of("embedding", embedding.forward(r.backend(), DType.FLOAT32, r.longs("timesteps")));
  }

  static Map<String, Tensor> crossAttention(Replay r) {
    boolean isSelf = !r.config().has("context_dim");
    CrossAttention attention =
        new CrossAttention(
            r.parameters(), attentionSizes(r, "query_dim", isSelf ? "query_dim" : "context_dim"));
    Tensor x = r.input("x");
    return out(attention.forward(x, isSelf ? new Context.Tokens(x) : r.context("context")));
  }

  private static CrossAttention.Sizes attentionSizes(Replay r, String query, String context) {
    return new CrossAttention.Sizes(
        r.config().integer(query),
        r.config().integer(context),
        r.config().integer("heads"),
        r.config().integer("dim_head"));
  }

  static Map<String, Tensor> gegluFeedForward(Replay r) {
    return out(
        new GegluFeedForward(
                r.parameters(),
                r.config().integer("dim"),
                r.config().integer("dim_out"),
                r.config().integer("mult"))
            .forward(r.input("x")));
  }

  static Map<String, Tensor> basicTransformerBlock(Replay r) {
    BasicTransformerBlock block =
        new BasicTransformerBlock(r.parameters(), attentionSizes(r, "dim", "context_dim"));
    return out(block.forward(r.input("x"), r.context("context")));
  }

  static Map<String, Tensor> spatialTransformer(Replay r) {
    SpatialTransformer transformer =
        new SpatialTransformer(
            r.parameters(),
            new SpatialTransformer.Sizes(
                r.config().integer("in_channels"),
                r.config().integer("heads"),
                r.config().integer("dim_head"),
                r.config().integer("depth"),
                r.config().integer("context_dim"),
                GROUPS));
    return map(r, x -> transformer.forward(x, r.context("context")));
  }

  static Map<String, Tensor> resBlock(Replay r) {
    ResidualBlock block =
        new ResidualBlock(
            r.parameters(),
            new ResidualBlock.Sizes(
                r.config().integer("channels"),
                r.config().integer("emb_channels"),
                r.config().integer("out_channels"),
                GROUPS));
    return map(r, x -> block.forward(x, r.input("emb")));
  }

  static Map<String, Tensor> downsample(Replay r) {
    int in = r.config().integer("channels");
    int out = r.config().integer("out_channels");
    Downsample downsample =
        isUnet(r)
            ? Downsample.unet(r.parameters(), in, out)
            : Downsample.autoencoder(r.parameters(), in, out);
    return map(r, downsample::forward);
  }

  static Map<String, Tensor> upsample(Replay r) {
    isUnet(r); // both variants are the same
    int in = r.config().integer("channels");
    Upsample upsample = new Upsample(r.parameters(), in, r.config().integer("out_channels"));
    return map(r, upsample::forward);
  }

  private static boolean isUnet(Replay r) {
    return switch (r.config().text("variant")) {
      case "unet" -> true;
      case "vae" -> false;
      default -> throw new IllegalArgumentException("variant " + r.config().text("variant"));
    };
  }

  static Map<String, Tensor> vaeResBlock(Replay r) {
    int in = r.config().integer("in_channels");
    int out = r.config().integer("out_channels");
    return map(r, new AutoencoderResidualBlock(r.parameters(), in, out, GROUPS)::forward);
  }

  static Map<String, Tensor> vaeAttentionBlock(Replay r) {
    int channels = r.config().integer("in_channels");
    return map(r, new AutoencoderAttention(r.parameters(), channels, GROUPS)::forward);
  }

  private static Map<String, Tensor> map(Replay r, Function<Tensor, Tensor> module) {
    return out(toChannelsFirst(module.apply(toChannelsLast(r.input("x")))));
  }

  private static Map<String, Tensor> out(Tensor out) {
    return Map.of("out", out);
  }
}
