package dev.azimuth.diffusion;

import dev.azimuth.diffusion.ConditionerConfig.Token;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.Initialization;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Model Two: image and pose each become tokens of the context's width, stacked along the token
 * axis, so that cross-attention has something to choose from. Which tokens there are, the controls'
 * among them, is its configuration; cross-attention always takes its general path.
 *
 * <p><b>From published weights.</b> One published token is {@code c = W_i e + W_p p + b}: an image
 * part {@code c_i = W_i e + b} and a pose part {@code c_p = W_p p}. Attention on two tokens is a
 * mean of their values weighted by a softmax. With {@code to_k = 0} every score is 0 and both
 * weights are exactly ½; with both tokens doubled the mean is {@code ½ (2 V c_i) + ½ (2 V c_p) = V
 * c}, the published layer's value, and doubling and halving don't round. Setting {@code to_k} to 0
 * costs nothing, since on one token neither {@code to_q} nor {@code to_k} ever did anything; and it
 * learns from the first step on, since its gradient is {@code to_q}'s product, which isn't 0.
 * {@link #ofPublished} makes such weights.
 */
public final class StackedConditioner implements Conditioner {
  private static final String WEIGHT = "cc_projection.weight";
  private static final String BIAS = "cc_projection.bias";
  private static final String IMAGE_WEIGHT = "cc_projection.image.weight";
  private static final String IMAGE_BIAS = "cc_projection.image.bias";
  private static final String POSE_WEIGHT = "cc_projection.pose.weight";
  private static final String POSE_BIAS = "cc_projection.pose.bias";

  private final ViewEncoder encoder;
  private final ConditionerConfig.Stacked config;
  private final @Nullable Projection image;
  private final @Nullable Projection pose;
  private final @Nullable PublishedProjection fused;
  private final @Nullable Tensor constant;

  private record Projection(Tensor weight, Tensor bias) {
    static Projection of(Parameters p, Initialization initialization, int in, int out) {
      return new Projection(
          p.tensor("weight", initialization, out, in),
          p.tensor("bias", Initialization.zeros(), out));
    }

    Tensor forward(Tensor x) {
      return x.linear(weight, bias);
    }
  }

  /**
   * Parameters {@code image.weight} [contextDim, E] and {@code image.bias} for POOLED or PATCHES;
   * {@code pose.weight} [contextDim, 4] and {@code pose.bias} for POSE; {@code weight} and {@code
   * bias} as published for FUSED; {@code constant} [contextDim] for CONSTANT.
   */
  public StackedConditioner(
      Parameters p, ViewEncoder encoder, int contextDim, ConditionerConfig.Stacked config) {
    this.encoder = encoder;
    this.config = config;
    List<Token> tokens = config.tokens();
    int width = encoder.clip().config().outputDim();
    boolean seesImage = tokens.contains(Token.POOLED) || tokens.contains(Token.PATCHES);
    this.image =
        seesImage
            ? Projection.of(
                p.at("image"), PublishedProjection.imageUnchanged(width), width, contextDim)
            : null;
    this.pose =
        tokens.contains(Token.POSE)
            ? Projection.of(p.at("pose"), PublishedProjection.pose(), 4, contextDim)
            : null;
    this.fused =
        tokens.contains(Token.FUSED) ? new PublishedProjection(p, width, contextDim) : null;
    this.constant =
        tokens.contains(Token.CONSTANT)
            ? p.tensor("constant", Initialization.normal(1), contextDim)
            : null;
  }

  @Override
  public ViewEncoder encoder() {
    return encoder;
  }

  @Override
  public ViewEncoder.Detail detail() {
    return config.detail();
  }

  @Override
  public boolean takesManyViews() {
    return false;
  }

  @Override
  public Conditioning condition(ConditionViews views) {
    Tensor latent = views.onlyLatent();
    List<Tensor> parts = new ArrayList<>();
    for (Token token : config.tokens()) {
      parts.add(
          switch (token) {
            case POOLED -> row(require(image).forward(views.pooled()));
            case PATCHES -> require(image).forward(views.tokens());
            case POSE -> row(require(pose).forward(views.moves()));
            case FUSED -> row(require(fused).forward(views.pooled(), views.moves()));
            case CONSTANT -> {
              Tensor c = require(constant);
              yield c.reshape(1, 1, -1).expand(views.batch(), 1, c.shape().dim(0));
            }
          });
    }
    Tensor all = Tensor.concat(1, parts.toArray(Tensor[]::new));
    return new Conditioning(new Context.Tokens(all), latent);
  }

  private static Tensor row(Tensor x) {
    return x.reshape(x.shape().dim(0), 1, x.shape().dim(1));
  }

  private static <T> T require(@Nullable T part) {
    if (part == null) {
      throw new IllegalStateException("a token without its parameters");
    }
    return part;
  }

  /**
   * A published model's weights as those of a model that stacks POOLED and POSE and gives the same
   * output, but for rounding. They are split where and when a network asks for them; all others are
   * handed on as they are.
   *
   * @param published a whole model's, {@code cc_projection} among them
   * @throws IllegalArgumentException if the projection is missing
   */
  public static ParameterSource ofPublished(ParameterSource published) {
    if (!published.names().containsAll(Set.of(WEIGHT, BIAS))) {
      throw new IllegalArgumentException(
          "stacked: the weights hold no " + WEIGHT + " and " + BIAS + " to split");
    }
    return new Split(published);
  }

  private record Split(ParameterSource published) implements ParameterSource {
    @Override
    public Set<String> names() {
      Set<String> names = new LinkedHashSet<>(published.names());
      names.removeAll(Set.of(WEIGHT, BIAS));
      names.addAll(List.of(IMAGE_WEIGHT, IMAGE_BIAS, POSE_WEIGHT, POSE_BIAS));
      return names;
    }

    @Override
    public Shape shape(String name) {
      Shape projection = published.shape(WEIGHT);
      int width = projection.dim(1) - 4;
      return switch (name) {
        case IMAGE_WEIGHT -> Shape.of(projection.dim(0), width);
        case POSE_WEIGHT -> Shape.of(projection.dim(0), 4);
        case IMAGE_BIAS, POSE_BIAS -> published.shape(BIAS);
        default -> published.shape(name);
      };
    }

    @Override
    public float[] values(String name) {
      int width = published.shape(WEIGHT).dim(1) - 4;
      return switch (name) {
        case IMAGE_WEIGHT -> doubledColumns(0, width);
        case POSE_WEIGHT -> doubledColumns(width, width + 4);
        case IMAGE_BIAS -> doubled(published.values(BIAS).clone());
        case POSE_BIAS -> new float[shape(name).size()];
        default ->
            name.endsWith("attn2.to_k.weight")
                ? new float[shape(name).size()]
                : published.values(name);
      };
    }

    private float[] doubledColumns(int from, int to) {
      Shape shape = published.shape(WEIGHT);
      float[] matrix = published.values(WEIGHT);
      float[] values = new float[shape.dim(0) * (to - from)];
      for (int row = 0; row < shape.dim(0); row++) {
        System.arraycopy(matrix, row * shape.dim(1) + from, values, row * (to - from), to - from);
      }
      return doubled(values);
    }

    private static float[] doubled(float[] values) {
      for (int i = 0; i < values.length; i++) {
        values[i] *= 2;
      }
      return values;
    }
  }
}
