package dev.azimuth.views;

/** Balls of triangles. */
final class SphereMesh {
  private SphereMesh() {}

  /** Two triangles for each of {@code around * down} patches; those at the poles degenerate. */
  static float[] positions(double radius, int around, int down) {
    float[] p = new float[around * down * 18];
    int at = 0;
    for (int i = 0; i < around; i++) {
      for (int j = 0; j < down; j++) {
        int[][] corners = {{i, j}, {i, j + 1}, {i + 1, j + 1}, {i, j}, {i + 1, j + 1}, {i + 1, j}};
        for (int[] corner : corners) {
          double phi = 2 * Math.PI * (corner[0] % around) / around;
          double theta = Math.PI * corner[1] / down;
          p[at++] = (float) (radius * Math.sin(theta) * Math.cos(phi));
          p[at++] = (float) (radius * Math.sin(theta) * Math.sin(phi));
          p[at++] = (float) (radius * Math.cos(theta));
        }
      }
    }
    return p;
  }
}
