package dev.azimuth.benchmarks;

import java.util.concurrent.CountDownLatch;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the multiply-add units do at most, by a loop of ten independent chains in registers: with
 * two a cycle and a latency of four or five none waits for another.
 */
final class FmaPeak {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int CHAINS = 10;
  private static final int BURST = 200_000;
  private static final int WARM_UP = 50;

  private FmaPeak() {}

  /** Bits of a vector here. */
  static int vectorBits() {
    return SPECIES.vectorBitSize();
  }

  /** GFLOP/s of all threads together, the best of several tries. */
  static double gflops(int threads) {
    for (int i = 0; i < WARM_UP; i++) {
      burst();
    }
    double best = 0;
    for (int i = 0; i < 10; i++) {
      best = Math.max(best, together(threads));
    }
    return best;
  }

  private static double together(int threads) {
    CountDownLatch ready = new CountDownLatch(threads);
    double[] rates = new double[threads];
    Thread[] workers = new Thread[threads];
    for (int t = 0; t < threads; t++) {
      int index = t;
      workers[t] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    ready.countDown();
                    while (ready.getCount() > 0) {
                      Thread.onSpinWait();
                    }
                    for (int i = 0; i < 4; i++) {
                      rates[index] += burst() / 4;
                    }
                  });
    }
    double sum = 0;
    for (int t = 0; t < threads; t++) {
      try {
        workers[t].join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while measuring the peak", e);
      }
      sum += rates[t];
    }
    return sum;
  }

  /** GFLOP/s of this thread over some milliseconds. */
  static double burst() {
    long begin = System.nanoTime();
    float sum = chains(BURST);
    long spent = System.nanoTime() - begin;
    if (!(sum >= 0)) { // also keeps the loop alive
      throw new IllegalStateException("multiply-adds of positive numbers gave " + sum);
    }
    return 2.0 * CHAINS * SPECIES.length() * BURST / spent;
  }

  private static float chains(int count) {
    FloatVector x = FloatVector.broadcast(SPECIES, 0.5f);
    FloatVector one = FloatVector.broadcast(SPECIES, 1);
    FloatVector a = FloatVector.broadcast(SPECIES, 2);
    FloatVector b = FloatVector.broadcast(SPECIES, 3);
    FloatVector c = FloatVector.broadcast(SPECIES, 4);
    FloatVector d = FloatVector.broadcast(SPECIES, 5);
    FloatVector e = FloatVector.broadcast(SPECIES, 6);
    FloatVector f = FloatVector.broadcast(SPECIES, 7);
    FloatVector g = FloatVector.broadcast(SPECIES, 8);
    FloatVector h = FloatVector.broadcast(SPECIES, 9);
    FloatVector i = FloatVector.broadcast(SPECIES, 10);
    FloatVector j = FloatVector.broadcast(SPECIES, 11);
    for (int k = 0; k < count; k++) {
      a = x.fma(a, one);
      b = x.fma(b, one);
      c = x.fma(c, one);
      d = x.fma(d, one);
      e = x.fma(e, one);
      f = x.fma(f, one);
      g = x.fma(g, one);
      h = x.fma(h, one);
      i = x.fma(i, one);
      j = x.fma(j, one);
    }
    FloatVector all = a.add(b).add(c.add(d)).add(e.add(f)).add(g.add(h)).add(i.add(j));
    return all.lane(0);
  }
}
