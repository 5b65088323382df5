package dev.azimuth.tensor.cpu;

import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What {@link SpillTest} has compiled in a JVM of its own: the microkernels under every product,
 * and a loop with more live vectors than 16 registers hold, which must spill.
 */
final class CrowdedLoop {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int ROUNDS = 30;
  private static final int SIZE = 256;

  private CrowdedLoop() {}

  /** Runs each method until it has been compiled to the end. */
  public static void main(String[] args) {
    float[] values = new float[18 * SPECIES.length()];
    float sum = 0;
    try (Backend backend = CpuBackend.simd(1)) {
      Tensor a = Tensor.of(backend, Shape.of(SIZE, SIZE), new float[SIZE * SIZE]);
      for (int i = 0; i < ROUNDS; i++) {
        sum += a.linear(a, null).toFloats()[0];
        sum += a.matmul(a, true, false).toFloats()[0];
        for (int j = 0; j < SIZE; j++) {
          sum += crowded(values, SIZE);
        }
      }
    }
    System.out.println("sum " + sum);
  }

  private static FloatVector load(float[] values, int i) {
    return FloatVector.fromArray(SPECIES, values, i * SPECIES.length());
  }

  /** 18 accumulators. */
  static float crowded(float[] values, int count) {
    FloatVector x = load(values, 0);
    FloatVector a = load(values, 0);
    FloatVector b = load(values, 1);
    FloatVector c = load(values, 2);
    FloatVector d = load(values, 3);
    FloatVector e = load(values, 4);
    FloatVector f = load(values, 5);
    FloatVector g = load(values, 6);
    FloatVector h = load(values, 7);
    FloatVector i = load(values, 8);
    FloatVector j = load(values, 9);
    FloatVector k = load(values, 10);
    FloatVector l = load(values, 11);
    FloatVector m = load(values, 12);
    FloatVector n = load(values, 13);
    FloatVector o = load(values, 14);
    FloatVector p = load(values, 15);
    FloatVector q = load(values, 16);
    FloatVector r = load(values, 17);
    for (int t = 0; t < count; t++) {
      a = x.fma(a, x);
      b = x.fma(b, x);
      c = x.fma(c, x);
      d = x.fma(d, x);
      e = x.fma(e, x);
      f = x.fma(f, x);
      g = x.fma(g, x);
      h = x.fma(h, x);
      i = x.fma(i, x);
      j = x.fma(j, x);
      k = x.fma(k, x);
      l = x.fma(l, x);
      m = x.fma(m, x);
      n = x.fma(n, x);
      o = x.fma(o, x);
      p = x.fma(p, x);
      q = x.fma(q, x);
      r = x.fma(r, x);
    }
    FloatVector first = a.add(b).add(c.add(d)).add(e.add(f)).add(g.add(h)).add(i.add(j));
    FloatVector second = k.add(l).add(m.add(n)).add(o.add(p)).add(q.add(r));
    return first.add(second).lane(0);
  }
}
