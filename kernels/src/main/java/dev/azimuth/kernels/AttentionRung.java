package dev.azimuth.kernels;

/** The kernels of attention, each explained in kernels/attention/README.md. */
public enum AttentionRung {
  /** All scores in memory, three kernels. Its gradient is {@link #TILED}'s. */
  NAIVE,

  /** Tiles of scores in registers, a running maximum and sum; products in float32 arithmetic. */
  TILED,

  /**
   * The same on tensor cores with copies under way, after FlashAttention-2; for head widths up to
   * 160 that are multiples of 4. Others take {@link #TILED}.
   */
  FLASH
}
