package dev.azimuth.views;

/** Normals for triangles whose file gives none. */
final class Normals {
  /** Edges sharper than this stay sharp inside a smoothing group. */
  private static final double CREASE_COSINE = Math.cos(Math.toRadians(44));

  /** Around a vertex with more triangles than this nothing is smoothed: the work is quadratic. */
  private static final int MOST_AROUND = 256;

  private Normals() {}

  /** Writes the unit normal of triangle t to its three corners; a degenerate one gets zeros. */
  static void flat(float[] positions, float[] normals, int t) {
    double[] n = cross(positions, t);
    double length = Math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]);
    double scale = length > 0 ? 1 / length : 0;
    for (int corner = 0; corner < 3; corner++) {
      for (int c = 0; c < 3; c++) {
        normals[9 * t + 3 * corner + c] = (float) (n[c] * scale);
      }
    }
  }

  /** Twice the area times the unit normal. */
  static double[] cross(float[] p, int t) {
    int o = 9 * t;
    double ax = (double) p[o + 3] - p[o];
    double ay = (double) p[o + 4] - p[o + 1];
    double az = (double) p[o + 5] - p[o + 2];
    double bx = (double) p[o + 6] - p[o];
    double by = (double) p[o + 7] - p[o + 1];
    double bz = (double) p[o + 8] - p[o + 2];
    return new double[] {ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx};
  }

  /**
   * Fills the normals of the triangles that need them: flat in smoothing group 0, else the
   * area-weighted mean over the neighbours of the same group within the crease angle.
   *
   * @param vertexOf the shared vertex of each corner, {@code [3 * triangles]}
   * @param group smoothing group of each triangle
   * @param missing which triangles to fill
   */
  static void smooth(
      float[] positions,
      float[] normals,
      int[] vertexOf,
      int vertices,
      int[] group,
      boolean[] missing) {
    int n = group.length;
    double[] area = new double[3 * n];
    int[] start = new int[vertices + 1];
    for (int t = 0; t < n; t++) {
      if (missing[t]) {
        System.arraycopy(cross(positions, t), 0, area, 3 * t, 3);
        for (int corner = 0; corner < 3; corner++) {
          start[vertexOf[3 * t + corner] + 1]++;
        }
      }
    }
    for (int v = 0; v < vertices; v++) {
      start[v + 1] += start[v];
    }
    int[] next = start.clone();
    int[] around = new int[start[vertices]];
    for (int t = 0; t < n; t++) {
      for (int corner = 0; missing[t] && corner < 3; corner++) {
        around[next[vertexOf[3 * t + corner]]++] = t;
      }
    }
    for (int t = 0; t < n; t++) {
      if (!missing[t]) {
        continue;
      }
      flat(positions, normals, t);
      for (int corner = 0; group[t] != 0 && corner < 3; corner++) {
        int v = vertexOf[3 * t + corner];
        if (start[v + 1] - start[v] <= MOST_AROUND) {
          smoothCorner(normals, area, group, around, start[v], start[v + 1], t, corner);
        }
      }
    }
  }

  private static void smoothCorner(
      float[] normals,
      double[] area,
      int[] group,
      int[] around,
      int from,
      int to,
      int t,
      int corner) {
    double x = 0;
    double y = 0;
    double z = 0;
    double own = length(area, t);
    for (int i = from; i < to; i++) {
      int other = around[i];
      double dot =
          area[3 * t] * area[3 * other]
              + area[3 * t + 1] * area[3 * other + 1]
              + area[3 * t + 2] * area[3 * other + 2];
      if (group[other] == group[t] && dot >= CREASE_COSINE * own * length(area, other)) {
        x += area[3 * other];
        y += area[3 * other + 1];
        z += area[3 * other + 2];
      }
    }
    double length = Math.sqrt(x * x + y * y + z * z);
    if (length > 0) {
      normals[9 * t + 3 * corner] = (float) (x / length);
      normals[9 * t + 3 * corner + 1] = (float) (y / length);
      normals[9 * t + 3 * corner + 2] = (float) (z / length);
    }
  }

  private static double length(double[] v, int t) {
    return Math.sqrt(
        v[3 * t] * v[3 * t] + v[3 * t + 1] * v[3 * t + 1] + v[3 * t + 2] * v[3 * t + 2]);
  }
}
