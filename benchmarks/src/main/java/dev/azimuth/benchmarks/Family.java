package dev.azimuth.benchmarks;

import java.util.Locale;

/** What workloads are alike; ratios are averaged within one. */
public enum Family {
  /** Linear layers of more than 32 rows. */
  MATMUL("matmul"),
  /** Linear layers of 32 rows and fewer. */
  SKINNY_MATMUL("matmul, 32 rows or fewer"),
  /** Convolutions 3×3 of stride 1. */
  CONVOLUTION_3X3("convolution 3×3"),
  /** All others: 1×1, strided, patches. */
  OTHER_CONVOLUTION("convolution 1×1 and strided"),
  /** Attention of tokens on themselves. */
  SELF_ATTENTION("self-attention"),
  /** Attention on another sequence. */
  CROSS_ATTENTION("cross-attention"),
  /** Group norm, then SiLU. */
  GROUP_NORM_SILU("group norm + SiLU"),
  /** Layer norm. */
  LAYER_NORM("layer norm"),
  /** Gated GELU. */
  GEGLU("GEGLU"),
  /** Whole networks. */
  NETWORK("network"),
  /** A whole command. */
  COMMAND("command");

  private final String title;

  Family(String title) {
    this.title = title;
  }

  /** As reports call it. */
  public String title() {
    return title;
  }

  /** Whether its workloads are single operations. */
  boolean isOperation() {
    return this != NETWORK && this != COMMAND;
  }

  /** As a command line spells it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
