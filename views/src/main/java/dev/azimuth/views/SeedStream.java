package dev.azimuth.views;

import java.nio.charset.StandardCharsets;

/** SplitMix64 (Steele, Lea and Flood 2014): a stream of numbers that a seed and a name fix. */
final class SeedStream {
  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private long state;

  SeedStream(long state) {
    this.state = state;
  }

  /** The stream of one object: another seed or another name gives unrelated numbers. */
  static SeedStream of(long seed, String name) {
    long hash = 0xcbf29ce484222325L; // FNV-1a
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (b & 255)) * 0x100000001b3L;
    }
    return new SeedStream(mix(mix(seed + GAMMA) ^ hash));
  }

  long nextLong() {
    state += GAMMA;
    return mix(state);
  }

  /** Uniform in [low, high). */
  double uniform(double low, double high) {
    return low + (high - low) * ((nextLong() >>> 11) * 0x1.0p-53);
  }

  static long mix(long z) {
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }
}
