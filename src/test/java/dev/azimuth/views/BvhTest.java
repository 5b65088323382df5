package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class BvhTest {
  /** Möller and Trumbore in double over all triangles: the nearest distance, or infinity. */
  private static double nearest(float[] p, Ray ray) {
    double best = Double.POSITIVE_INFINITY;
    double[] o = {ray.ox, ray.oy, ray.oz};
    double[] d = {ray.dx, ray.dy, ray.dz};
    for (int t = 0; t < p.length; t += 9) {
      double[] a = {p[t], p[t + 1], p[t + 2]};
      double[] e1 = {p[t + 3] - a[0], p[t + 4] - a[1], p[t + 5] - a[2]};
      double[] e2 = {p[t + 6] - a[0], p[t + 7] - a[1], p[t + 8] - a[2]};
      double[] h = cross(d, e2);
      double det = dot(e1, h);
      double[] s = {o[0] - a[0], o[1] - a[1], o[2] - a[2]};
      double u = dot(s, h) / det;
      double[] q = cross(s, e1);
      double v = dot(d, q) / det;
      double distance = dot(e2, q) / det;
      if (u >= 0 && v >= 0 && u + v <= 1 && distance > 0 && distance < best) {
        best = distance;
      }
    }
    return best;
  }

  private static double dot(double[] a, double[] b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  }

  private static double[] cross(double[] a, double[] b) {
    return new double[] {
      a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    };
  }

  private static float[] randomTriangles(Random random, int n, double size) {
    float[] p = new float[9 * n];
    for (int t = 0; t < n; t++) {
      for (int c = 0; c < 3; c++) {
        double centre = random.nextDouble() - 0.5;
        for (int k = 0; k < 3; k++) {
          p[9 * t + 3 * k + c] = (float) (centre + size * (random.nextDouble() - 0.5));
        }
      }
    }
    return p;
  }

  private static void aim(Ray ray, Random random) {
    double[] o = {
      random.nextDouble() * 2 - 1, random.nextDouble() * 2 - 1, random.nextDouble() * 2 - 1
    };
    // at the middle half of the unit cube
    double[] d = new double[3];
    for (int c = 0; c < 3; c++) {
      d[c] = (random.nextDouble() - 0.5) * 0.5 - o[c];
    }
    if (random.nextInt(4) == 0) {
      d[random.nextInt(3)] = 0; // along a coordinate plane
    }
    double length = Math.sqrt(dot(d, d));
    ray.set(
        (float) o[0],
        (float) o[1],
        (float) o[2],
        (float) (d[0] / length),
        (float) (d[1] / length),
        (float) (d[2] / length));
  }

  @Test
  void agreesWithBruteForce() {
    Random random = new Random(5);
    Ray ray = new Ray();
    int hits = 0;
    int disagree = 0;
    int rays = 0;
    for (int n : new int[] {1, 2, 3, 5, 17, 100, 1000}) {
      float[] p = randomTriangles(random, n, n > 50 ? 0.2 : 1);
      Bvh bvh = new Bvh(p);
      for (int i = 0; i < 1500; i++) {
        aim(ray, random);
        double expected = nearest(p, ray);
        boolean hit = bvh.intersect(ray);
        rays++;
        hits += hit ? 1 : 0;
        // float and double may judge a ray at a triangle's very edge differently
        boolean same =
            hit
                ? Math.abs(ray.tMax - expected) <= 2e-4 * (1 + expected)
                : Double.isInfinite(expected);
        disagree += same ? 0 : 1;
        if (hit && same) {
          assertTrue(ray.triangle >= 0 && ray.triangle < n);
        }
        float tMax = ray.tMax;
        ray.tMax = Float.POSITIVE_INFINITY;
        assertEquals(hit, bvh.occluded(ray), "occlusion agrees with the nearest hit");
        ray.tMax = tMax * 0.999f;
        if (hit) {
          assertFalse(bvh.occluded(ray), "nothing is nearer than the nearest hit");
        }
      }
    }
    assertTrue(hits > rays / 10, "hits " + hits);
    assertTrue(disagree <= rays / 2000, "disagree " + disagree + " of " + rays);
  }

  @Test
  void reportsWeightsAndTheTriangleNumber() {
    float[] p = randomTriangles(new Random(8), 300, 0.3);
    Bvh bvh = new Bvh(p);
    Random random = new Random(9);
    Ray ray = new Ray();
    int checked = 0;
    for (int i = 0; i < 2000; i++) {
      aim(ray, random);
      if (bvh.intersect(ray)) {
        int t = 9 * ray.triangle;
        float[] point = {
          ray.ox + ray.tMax * ray.dx, ray.oy + ray.tMax * ray.dy, ray.oz + ray.tMax * ray.dz
        };
        for (int c = 0; c < 3; c++) {
          float expected =
              p[t + c] * (1 - ray.u - ray.v) + p[t + 3 + c] * ray.u + p[t + 6 + c] * ray.v;
          assertEquals(expected, point[c], 1e-3f);
        }
        checked++;
      }
    }
    assertTrue(checked > 200);
  }

  @Test
  void coincidentAndDegenerateTrianglesAreSurvived() {
    float[] one = {-1, -1, 0, 1, -1, 0, 0, 1, 0};
    float[] many = new float[9 * 5000];
    for (int t = 0; t < 5000; t++) {
      System.arraycopy(one, 0, many, 9 * t, 9);
    }
    Bvh bvh = new Bvh(many);
    Ray ray = new Ray();
    ray.set(0, 0, 3, 0, 0, -1);
    assertTrue(bvh.intersect(ray));
    assertEquals(3, ray.tMax, 1e-6f);

    Bvh points = new Bvh(new float[9 * 1000]);
    ray.set(0, 0, 3, 0, 0, -1);
    assertFalse(points.intersect(ray));
    assertThrows(IllegalArgumentException.class, () -> new Bvh(new float[0]));
  }

  @Test
  void geometricallyShrinkingTrianglesDoNotOverflowTheStack() {
    // each split cuts one triangle off: as deep as a tree can get
    int n = 3000;
    float[] p = new float[9 * n];
    double at = 1;
    for (int t = 0; t < n; t++) {
      at *= 0.97;
      float[] triangle = {(float) at, -1, 0, (float) at, 1, 0, (float) at, 0, 1};
      System.arraycopy(triangle, 0, p, 9 * t, 9);
    }
    Bvh bvh = new Bvh(p);
    Ray ray = new Ray();
    ray.set(2, 0, 0.25f, -1, 0, 0);
    assertTrue(bvh.intersect(ray));
    assertEquals(0, ray.triangle);
    ray.set(-1, 0, 0.25f, 1, 0, 0);
    assertTrue(bvh.intersect(ray));
    assertEquals(1, ray.tMax, 1e-6f);
  }

  @Test
  void neighboursLeaveNoGap() {
    // a ball seen from inside: every ray must hit
    float[] p = SphereMesh.positions(0.5, 40, 20);
    Bvh bvh = new Bvh(p);
    Random random = new Random(2);
    Ray ray = new Ray();
    for (int i = 0; i < 100_000; i++) {
      aim(ray, random);
      ray.ox *= 0.1f;
      ray.oy *= 0.1f;
      ray.oz *= 0.1f;
      assertTrue(bvh.intersect(ray), "a ray slipped through");
    }
  }
}
