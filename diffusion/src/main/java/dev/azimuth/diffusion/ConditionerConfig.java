package dev.azimuth.diffusion;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import dev.azimuth.nn.Parameters;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which {@link Conditioner} a model has. In JSON the published one is {@code "ZERO123"}; the others
 * are objects: {@code {"kind": "STACKED", "tokens": ["POOLED", "POSE"]}}, {@code {"kind":
 * "MULTI_VIEW", "concat": "NEAREST"}}.
 */
public sealed interface ConditionerConfig {
  /** {@link Zero123Conditioner}. */
  record Zero123() implements ConditionerConfig {}

  /**
   * {@link StackedConditioner}.
   *
   * @param tokens what is stacked, in this order
   */
  record Stacked(List<Token> tokens) implements ConditionerConfig {
    /** Throws {@link IllegalArgumentException} unless there are tokens, none of them twice. */
    public Stacked {
      tokens = List.copyOf(tokens);
      if (tokens.isEmpty()) {
        throw new IllegalArgumentException("conditioner: tokens must list at least one");
      }
      if (EnumSet.copyOf(tokens).size() != tokens.size()) {
        throw new IllegalArgumentException("conditioner: tokens are listed twice in " + tokens);
      }
      if (tokens.contains(Token.POOLED) && tokens.contains(Token.PATCHES)) {
        throw new IllegalArgumentException(
            "conditioner: PATCHES begin with the POOLED token; list one of both");
      }
    }
  }

  /**
   * {@link MultiViewConditioner}.
   *
   * @param concat which latent lies beside the noisy one
   */
  record MultiView(Concat concat) implements ConditionerConfig {}

  /** What a stacked conditioner can stack. */
  enum Token {
    /** The image's embedding, projected: one token. */
    POOLED,
    /** The image encoder's class token, whose is the embedding, and its patches, projected. */
    PATCHES,
    /** The camera's move, projected: one token. */
    POSE,
    /** Embedding and move mixed into one token, as published. */
    FUSED,
    /** A learned vector that depends on nothing: a control. */
    CONSTANT
  }

  /** The latent beside the noisy one where there are several condition views. */
  enum Concat {
    /** That of the view nearest to the target. */
    NEAREST,
    /** The mean of all. */
    MEAN
  }

  /** The conditioner itself, its parameters at {@code p}. */
  default Conditioner build(Parameters p, ViewEncoder encoder, int contextDim) {
    return switch (this) {
      case Zero123 _ -> new Zero123Conditioner(p, encoder, contextDim);
      case Stacked stacked -> new StackedConditioner(p, encoder, contextDim, stacked);
      case MultiView(Concat concat) -> new MultiViewConditioner(p, encoder, contextDim, concat);
    };
  }

  /** How much of an image's tokens it reads. */
  default ViewEncoder.Detail detail() {
    return this instanceof Stacked(List<Token> tokens) && tokens.contains(Token.PATCHES)
        ? ViewEncoder.Detail.PATCHES
        : ViewEncoder.Detail.POOLED;
  }

  /** As it is written in JSON. */
  @JsonValue
  default Object json() {
    return switch (this) {
      case Zero123 _ -> "ZERO123";
      case Stacked(List<Token> tokens) -> Map.of("kind", "STACKED", "tokens", tokens);
      case MultiView(Concat concat) -> Map.of("kind", "MULTI_VIEW", "concat", concat);
    };
  }

  /**
   * From JSON.
   *
   * @throws IllegalArgumentException naming the first thing that can't be
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static ConditionerConfig of(JsonNode json) {
    String kind = json.isTextual() ? json.asText() : json.path("kind").asText();
    return switch (kind) {
      case "ZERO123" -> {
        requireKeys(json, Set.of("kind"));
        yield new Zero123();
      }
      case "STACKED" -> {
        requireKeys(json, Set.of("kind", "tokens"));
        List<Token> tokens = new ArrayList<>();
        json.path("tokens").forEach(token -> tokens.add(value(Token.class, token)));
        yield new Stacked(tokens);
      }
      case "MULTI_VIEW" -> {
        requireKeys(json, Set.of("kind", "concat"));
        yield new MultiView(value(Concat.class, json.path("concat")));
      }
      default ->
          throw new IllegalArgumentException(
              "conditioner: must be ZERO123, STACKED or MULTI_VIEW, not " + json);
    };
  }

  private static void requireKeys(JsonNode json, Set<String> known) {
    Set<String> unknown = new TreeSet<>();
    json.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("conditioner: doesn't know " + unknown);
    }
  }

  private static <T extends Enum<T>> T value(Class<T> type, JsonNode json) {
    try {
      return Enum.valueOf(type, json.asText());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "conditioner: must be one of "
              + List.of(type.getEnumConstants())
              + ", not "
              + (json.isMissingNode() ? "absent" : json),
          e);
    }
  }
}
