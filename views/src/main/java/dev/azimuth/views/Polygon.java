package dev.azimuth.views;

/**
 * Cuts a flat polygon into triangles by clipping ears, so that concave faces come out right; what
 * has no ear (self-crossing, degenerate) or very many corners becomes a fan.
 */
final class Polygon {
  /** Ear clipping is cubic at worst. */
  private static final int MOST_CORNERS_CLIPPED = 512;

  private Polygon() {}

  /**
   * Returns corner numbers, three per triangle, {@code 3 * (n - 2)} in all.
   *
   * @param points x, y, z per corner
   */
  static int[] triangulate(double[] points, int n) {
    if (n > 3 && n <= MOST_CORNERS_CLIPPED) {
      double[] flat = project(points, n);
      if (!isConvex(flat, n)) {
        return clipEars(flat, n);
      }
    }
    int[] out = new int[3 * (n - 2)];
    for (int i = 0; i < n - 2; i++) {
      out[3 * i + 1] = i + 1;
      out[3 * i + 2] = i + 2;
    }
    return out;
  }

  /** To the coordinate plane that faces the polygon most, turned so that it runs anticlockwise. */
  private static double[] project(double[] p, int n) {
    double[] normal = new double[3];
    for (int i = 0; i < n; i++) {
      int j = (i + 1) % n;
      for (int c = 0; c < 3; c++) {
        int a = (c + 1) % 3;
        int b = (c + 2) % 3;
        normal[c] += (p[3 * i + a] - p[3 * j + a]) * (p[3 * i + b] + p[3 * j + b]);
      }
    }
    int axis = 0;
    for (int c = 1; c < 3; c++) {
      if (Math.abs(normal[c]) > Math.abs(normal[axis])) {
        axis = c;
      }
    }
    int first = (axis + 1) % 3;
    int second = (axis + 2) % 3;
    double sign = normal[axis] < 0 ? -1 : 1;
    double[] flat = new double[2 * n];
    for (int i = 0; i < n; i++) {
      flat[2 * i] = p[3 * i + first];
      flat[2 * i + 1] = sign * p[3 * i + second];
    }
    return flat;
  }

  private static boolean isConvex(double[] q, int n) {
    for (int i = 0; i < n; i++) {
      if (turn(q, i, (i + 1) % n, (i + 2) % n) < 0) {
        return false;
      }
    }
    return true;
  }

  /** Twice the signed area of a triangle: positive if it runs anticlockwise. */
  private static double turn(double[] q, int a, int b, int c) {
    return (q[2 * b] - q[2 * a]) * (q[2 * c + 1] - q[2 * a + 1])
        - (q[2 * b + 1] - q[2 * a + 1]) * (q[2 * c] - q[2 * a]);
  }

  private static int[] clipEars(double[] q, int n) {
    int[] left = new int[n];
    for (int i = 0; i < n; i++) {
      left[i] = i;
    }
    int[] out = new int[3 * (n - 2)];
    int written = 0;
    for (int count = n; count > 3; count--) {
      int ear = findEar(q, left, count);
      out[written++] = left[(ear + count - 1) % count];
      out[written++] = left[ear];
      out[written++] = left[(ear + 1) % count];
      System.arraycopy(left, ear + 1, left, ear, count - ear - 1);
    }
    System.arraycopy(left, 0, out, written, 3);
    return out;
  }

  /** The corner to cut off; without an ear the second one, which makes a fan. */
  private static int findEar(double[] q, int[] left, int count) {
    for (int i = 0; i < count; i++) {
      int a = left[(i + count - 1) % count];
      int b = left[i];
      int c = left[(i + 1) % count];
      if (turn(q, a, b, c) <= 0) {
        continue;
      }
      boolean empty = true;
      for (int k = 0; empty && k < count; k++) {
        int p = left[k];
        empty = p == a || p == b || p == c || !isInside(q, a, b, c, p);
      }
      if (empty) {
        return i;
      }
    }
    return 1;
  }

  private static boolean isInside(double[] q, int a, int b, int c, int p) {
    return turn(q, a, b, p) >= 0 && turn(q, b, c, p) >= 0 && turn(q, c, a, p) >= 0;
  }
}
