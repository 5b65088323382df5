package dev.azimuth.tensor;

import org.jspecify.annotations.Nullable;

/**
 * Everything a {@link Backend} computes. The family is sealed: a backend that misses a member
 * doesn't compile.
 *
 * <p>Operands are contiguous, of one dtype, with shapes already checked by the {@code Op} that
 * builds the kernel; outputs (named y, dx, ...) are overwritten and alias no input unless it is
 * said. {@code rows} and {@code columns} view an operand as a matrix over its last axis. Images are
 * {@code [N, H, W, C]}; convolution weights {@code [O, kH, kW, C / groups]}.
 */
@SuppressWarnings("ArrayRecordComponent") // kernels are passed on once, never compared
public sealed interface Kernel {

  /** y = value. */
  record Fill(Tensor y, double value) implements Kernel {}

  /**
   * y[yOffset + i·yStrides] = x[xOffset + i·xStrides] for every multi-index i below {@code sizes}:
   * permute, slice, pad, concat and expand. A stride of x may be 0. What y holds elsewhere stays.
   */
  record Copy(
      Tensor x, int xOffset, int[] xStrides, Tensor y, int yOffset, int[] yStrides, int[] sizes)
      implements Kernel {}

  /** y = f(x). */
  record Unary(UnaryFunction function, Tensor x, Tensor y) implements Kernel {}

  /** dx = dy · f'(x), given y = f(x). */
  record UnaryVjp(UnaryFunction function, Tensor x, Tensor y, Tensor dy, Tensor dx)
      implements Kernel {}

  /** y = scale · x + shift. */
  record Affine(Tensor x, double scale, double shift, Tensor y) implements Kernel {}

  /** y = min(max(x, low), high). */
  record Clamp(Tensor x, double low, double high, Tensor y) implements Kernel {}

  /** dx = dy where low ≤ x ≤ high, else 0. */
  record ClampVjp(Tensor x, double low, double high, Tensor dy, Tensor dx) implements Kernel {}

  /** y = f(a, b); a and b broadcast to y's shape. */
  record Binary(BinaryFunction function, Tensor a, Tensor b, Tensor y) implements Kernel {}

  /** y = a where condition ≠ 0, else b; all of one shape. */
  record Select(Tensor condition, Tensor a, Tensor b, Tensor y) implements Kernel {}

  /** x seen as [outer, reduced, inner]; y [outer, inner] reduces the middle axis. */
  record Reduce(Reduction reduction, Tensor x, Tensor y, int outer, int reduced, int inner)
      implements Kernel {}

  /**
   * For batch i: y_i [m, n] = A·B + bias, where A [m, k] starts at aOffsets[i] (stored [k, m] if
   * {@code transposeA}), B [k, n] at bOffsets[i] (stored [n, k] if {@code transposeB}), y_i at
   * i·m·n; bias [n] or null.
   */
  record Matmul(
      Tensor a,
      int[] aOffsets,
      boolean transposeA,
      Tensor b,
      int[] bOffsets,
      boolean transposeB,
      @Nullable Tensor bias,
      Tensor y,
      int m,
      int n,
      int k)
      implements Kernel {}

  /** y [N, oH, oW, O] = x [N, H, W, C] cross-correlated with weight, plus bias [O] or null. */
  record Conv2d(Tensor x, Tensor weight, @Nullable Tensor bias, Tensor y, Conv2dGeometry geometry)
      implements Kernel {}

  /** dx from dy, the transpose of {@link Conv2d} in x. */
  record Conv2dInputVjp(Tensor dy, Tensor weight, Tensor dx, Conv2dGeometry geometry)
      implements Kernel {}

  /** dWeight from x and dy, the transpose of {@link Conv2d} in its weight. */
  record Conv2dWeightVjp(Tensor x, Tensor dy, Tensor dWeight, Conv2dGeometry geometry)
      implements Kernel {}

  /** y [index.length, D] = rows {@code index} of table [K, D]. */
  record Gather(Tensor table, int[] index, Tensor y) implements Kernel {}

  /** dTable [K, D] = sums of the rows of dy by {@code index}, 0 where no row goes. */
  record GatherVjp(Tensor dy, int[] index, Tensor dTable) implements Kernel {}

  /** y [N, rows.outputs, columns.outputs, C] = both maps applied to x [N, H, W, C]. */
  record Resample(Tensor x, Taps rows, Taps columns, Tensor y) implements Kernel {}

  /**
   * y = maximum of each window of x; padding never wins; geometry's channels are all C, groups C.
   */
  record MaxPool2d(Tensor x, Tensor y, Conv2dGeometry geometry) implements Kernel {}

  /** dx = dy sent to the first maximum (row by row) of each window. */
  record MaxPool2dVjp(Tensor x, Tensor dy, Tensor dx, Conv2dGeometry geometry) implements Kernel {}

  /** y = exp(x - max x) / sum, per row. */
  record Softmax(Tensor x, Tensor y, int rows, int columns) implements Kernel {}

  /** dx = y (dy - sum(y dy)), per row. */
  record SoftmaxVjp(Tensor y, Tensor dy, Tensor dx, int rows, int columns) implements Kernel {}

  /** y = x - max x - ln sum exp(x - max x), per row. */
  record LogSoftmax(Tensor x, Tensor y, int rows, int columns) implements Kernel {}

  /** dx = dy - exp(y) sum(dy), per row. */
  record LogSoftmaxVjp(Tensor y, Tensor dy, Tensor dx, int rows, int columns) implements Kernel {}

  /**
   * x [N, S, C], {@code groups} groups of consecutive channels: y = (x - mean) · rstd · weight +
   * bias, then SiLU if {@code silu}. Writes mean and rstd [N, groups], biased variance, rstd =
   * 1/√(var+eps).
   */
  record GroupNorm(
      Tensor x,
      Tensor weight,
      Tensor bias,
      Tensor y,
      Tensor mean,
      Tensor rstd,
      int groups,
      double eps,
      boolean silu)
      implements Kernel {}

  /** Gradients of {@link GroupNorm} in x, weight and bias. */
  record GroupNormVjp(
      Tensor x,
      Tensor weight,
      Tensor bias,
      Tensor mean,
      Tensor rstd,
      Tensor dy,
      Tensor dx,
      Tensor dWeight,
      Tensor dBias,
      int groups,
      boolean silu)
      implements Kernel {}

  /** x [rows, columns]: y = (x - mean) · rstd · weight + bias per row; writes mean, rstd [rows]. */
  record LayerNorm(
      Tensor x, Tensor weight, Tensor bias, Tensor y, Tensor mean, Tensor rstd, double eps)
      implements Kernel {}

  /** Gradients of {@link LayerNorm} in x, weight and bias. */
  record LayerNormVjp(
      Tensor x,
      Tensor weight,
      Tensor mean,
      Tensor rstd,
      Tensor dy,
      Tensor dx,
      Tensor dWeight,
      Tensor dBias)
      implements Kernel {}

  /**
   * Head j takes channels j·d .. (j+1)·d - 1 of q [B, N, heads·d], k and v [B, M, heads·d]: y =
   * softmax(scale · q kᵀ) v; with {@code causal}, query i sees keys 0..i. Writes logSumExp [B,
   * heads, N] of each row of scale · q kᵀ.
   */
  record Attention(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor y,
      Tensor logSumExp,
      int heads,
      double scale,
      boolean causal)
      implements Kernel {}

  /** Gradients of {@link Attention} in q, k and v. */
  record AttentionVjp(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor y,
      Tensor logSumExp,
      Tensor dy,
      Tensor dq,
      Tensor dk,
      Tensor dv,
      int heads,
      double scale,
      boolean causal)
      implements Kernel {}

  /** x [rows, 2D] = [a, g]: y [rows, D] = a · gelu(g), the exact GELU. */
  record Geglu(Tensor x, Tensor y) implements Kernel {}

  /** dx [rows, 2D] from x and dy [rows, D]. */
  record GegluVjp(Tensor x, Tensor dy, Tensor dx) implements Kernel {}

  /**
   * One step in place: p ← p (1 - lr·weightDecay); m ← β₁ m + (1-β₁) g; v ← β₂ v + (1-β₂) g²; p ← p
   * - lr / correction₁ · m / (√v / √correction₂ + eps), correction_i = 1 - β_i^step.
   */
  record AdamW(Tensor parameter, Tensor gradient, Tensor m, Tensor v, AdamWStep step)
      implements Kernel {}

  /** The numbers of one {@link AdamW} step; {@code step} counts from 1. */
  record AdamWStep(
      double learningRate, double beta1, double beta2, double eps, double weightDecay, long step) {}

  /** In place: shadow ← shadow - (1 - decay)(shadow - value). */
  record Ema(Tensor shadow, Tensor value, double decay) implements Kernel {}
}
