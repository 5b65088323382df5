package dev.azimuth.benchmarks;

import java.util.Arrays;

/**
 * Two sides timed in turn in one process, the first to go changing from round to round, so that
 * what the machine does meanwhile hits both.
 *
 * @param rounds how many rounds count
 * @param seconds that a side takes in a round, at least one call
 * @param warmUpSeconds that a side runs before the first, at least one call
 */
record Alternation(int rounds, double seconds, double warmUpSeconds) {
  /** For numbers that are published. */
  static final Alternation FULL = new Alternation(7, 0.1, 1);

  /** For a look. */
  static final Alternation QUICK = new Alternation(3, 0.03, 0.2);

  // a round in whose beginning multiply-adds ran slower than this part of their best is repeated
  private static final double SAG = 0.85;

  /** Seconds of a call in each round. */
  @SuppressWarnings("ArrayRecordComponent") // handed over once, never compared
  record Times(double[] ours, double[] libtorch) {
    /** Our median over libtorch's. */
    double ratio() {
      return median(ours) / median(libtorch);
    }
  }

  /** Times both. */
  Times time(Runnable ours, Runnable libtorch) {
    int ourCalls = calls(secondsPerCall(ours, warmUpSeconds));
    int theirCalls = calls(secondsPerCall(libtorch, warmUpSeconds));
    double[] our = new double[rounds];
    double[] their = new double[rounds];
    double best = FmaPeak.burst();
    int repeats = rounds; // of rounds in which the machine sagged: it may stay slow
    for (int round = 0; round < rounds; round++) {
      double peak = Math.max(FmaPeak.burst(), FmaPeak.burst());
      best = Math.max(best, peak);
      if (round % 2 == 0) {
        our[round] = batch(ours, ourCalls);
        their[round] = batch(libtorch, theirCalls);
      } else {
        their[round] = batch(libtorch, theirCalls);
        our[round] = batch(ours, ourCalls);
      }
      if (peak < SAG * best && repeats-- > 0) {
        round--;
      }
    }
    return new Times(our, their);
  }

  private int calls(double secondsPerCall) {
    return (int) Math.clamp(Math.ceil(seconds / secondsPerCall), 1, 1_000_000);
  }

  /** Seconds of a call, as the mean of some in a row. */
  static double batch(Runnable side, int calls) {
    long begin = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      side.run();
    }
    return 1e-9 * (System.nanoTime() - begin) / calls;
  }

  /** Runs a side for some time, and gives the seconds of its last call. */
  static double secondsPerCall(Runnable side, double atLeast) {
    long begin = System.nanoTime();
    double last;
    do {
      last = batch(side, 1);
    } while (1e-9 * (System.nanoTime() - begin) < atLeast);
    return last;
  }

  /** The middle value, or the mean of the two in the middle. */
  static double median(double... values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
