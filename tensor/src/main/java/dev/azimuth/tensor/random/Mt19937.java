package dev.azimuth.tensor.random;

/**
 * The 32-bit Mersenne Twister.
 *
 * <p>Source: Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed
 * uniform pseudo-random number generator", 1998; seeding as in their revision of 2002.
 */
final class Mt19937 {
  /** The number of 32-bit words in the state. */
  static final int WORDS = 624;

  private static final int MIDDLE = 397;
  private static final int UPPER = 0x8000_0000;
  private static final int LOWER = 0x7FFF_FFFF;
  private static final int TWIST = 0x9908_B0DF;

  private final int[] words;
  private int next;

  /** Knuth's initialiser; the seed is taken as unsigned. */
  Mt19937(int seed) {
    words = new int[WORDS];
    words[0] = seed;
    for (int i = 1; i < WORDS; i++) {
      words[i] = 1812433253 * (words[i - 1] ^ (words[i - 1] >>> 30)) + i;
    }
    next = WORDS;
  }

  /** Takes the words over; {@code next} in 0..624 is the position of the next draw. */
  Mt19937(int[] words, int next) {
    this.words = words;
    this.next = next;
  }

  int[] words() {
    return words.clone();
  }

  int next() {
    return next;
  }

  /** 32 uniform bits. */
  int draw() {
    if (next == WORDS) {
      refill();
    }
    int y = words[next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9D2C_5680;
    y ^= (y << 15) & 0xEFC6_0000;
    return y ^ (y >>> 18);
  }

  private void refill() {
    for (int i = 0; i < WORDS - MIDDLE; i++) {
      words[i] = words[i + MIDDLE] ^ twist(words[i], words[i + 1]);
    }
    for (int i = WORDS - MIDDLE; i < WORDS - 1; i++) {
      words[i] = words[i + MIDDLE - WORDS] ^ twist(words[i], words[i + 1]);
    }
    words[WORDS - 1] = words[MIDDLE - 1] ^ twist(words[WORDS - 1], words[0]);
    next = 0;
  }

  private static int twist(int a, int b) {
    int y = (a & UPPER) | (b & LOWER);
    return (y >>> 1) ^ (-(y & 1) & TWIST);
  }
}
