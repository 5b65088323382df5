package dev.azimuth.nn;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Tensor;

/**
 * What a network attends to. How many tokens there are decides whether attention is one at all: see
 * {@link CrossAttention}.
 */
public sealed interface Context {
  /** The tokens [B, M, D]. */
  Tensor tokens();

  /** One token per sample, {@code token} [B, 1, D]: the collapsed path. */
  record SingleToken(Tensor token) implements Context {
    /** Throws {@link dev.azimuth.tensor.ShapeException} unless there is one token. */
    public SingleToken {
      Check.shape("context", "token", token, -1, 1, -1);
    }

    @Override
    public Tensor tokens() {
      return token;
    }
  }

  /** Any number of tokens, {@code tokens} [B, M, D]: the general path, even where M is 1. */
  record Tokens(Tensor tokens) implements Context {
    /** Throws {@link dev.azimuth.tensor.ShapeException} unless the rank is 3. */
    public Tokens {
      Check.rank("context", "tokens", tokens, 3);
    }
  }
}
