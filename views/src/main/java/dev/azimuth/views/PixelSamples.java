package dev.azimuth.views;

/**
 * Well-spread random points in the unit square for the samples of one pixel: the first two Sobol
 * dimensions, shuffled and Owen-scrambled by hashing (Burley 2020, "Practical hash-based Owen
 * scrambling"). Each use (film, light, sky...) has its own independent set of points.
 */
final class PixelSamples {
  private static final float SCALE = 0x1.0p-24f;

  private long pixelSeed;
  private int index;

  /** The two coordinates of the point last asked for, in [0, 1). */
  float x;

  float y;

  void pixel(long seed) {
    pixelSeed = seed;
  }

  void sample(int sampleIndex) {
    index = sampleIndex;
  }

  /** Sets {@link #x} and {@link #y} to this sample's point for use number {@code use}. */
  void next(int use) {
    long hash = SeedStream.mix(pixelSeed + 0x9E3779B97F4A7C15L * (use + 1));
    int shuffled = scramble(index, (int) hash);
    int second = (int) (hash >>> 32);
    x = (scramble(Integer.reverse(shuffled), second) >>> 8) * SCALE;
    y = (scramble(sobolSecond(shuffled), second * 0x9E3779B9 + 0x7F4A7C15) >>> 8) * SCALE;
  }

  /** Sobol's second dimension: its direction numbers are the rows of Pascal's triangle mod 2. */
  private static int sobolSecond(int index) {
    int out = 0;
    int direction = 1 << 31;
    for (int i = index; i != 0; i >>>= 1) {
      if ((i & 1) != 0) {
        out ^= direction;
      }
      direction ^= direction >>> 1;
    }
    return out;
  }

  /** Flips each bit by a hash of the bits above it: a random Owen scrambling. */
  private static int scramble(int value, int seed) {
    int x = Integer.reverse(value);
    x += seed;
    x ^= x * 0x6c50b47c;
    x ^= x * 0xb82f1e52;
    x ^= x * 0xc7afe638;
    x ^= x * 0x8d22f6e6;
    return Integer.reverse(x);
  }
}
