package dev.azimuth.tensor.cpu;

/**
 * The one-dimensional transforms of F(m, 3), which computes m outputs of a 3-tap filter with m + 2
 * multiplications: y = Aᵀ[(G g) ⊙ (Bᵀ d)] (Winograd 1980; Lavin and Gray 2016).
 *
 * <p>Each reads its elements {@code xStep} apart and writes them {@code yStep} apart, for {@code
 * lanes} neighbouring channels at once; lanes is a multiple of the vector's.
 */
sealed interface WinogradLines permits WinogradTwo, WinogradFour {
  /** Taps of the filter. */
  int TAPS = 3;

  /** Outputs, m. */
  int tile();

  /** Multiplications, and inputs. */
  default int points() {
    return tile() + TAPS - 1;
  }

  /** Bᵀ: inputs to points. */
  void input(float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes);

  /** Aᵀ: points to outputs. */
  void output(float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes);

  /** G: taps to points. */
  void weight(float[] x, int xStart, int xStep, float[] y, int yStart, int yStep, int lanes);
}
