package dev.azimuth.views;

/** A ray, what it hit, and the stack of its walk through a {@link Bvh}: one per thread, reused. */
final class Ray {
  final int[] stack = new int[Bvh.STACK];
  float ox;
  float oy;
  float oz;
  float dx;
  float dy;
  float dz;

  /** Hits lie in (tMin, tMax); after a hit, {@code tMax} is its distance. */
  float tMin;

  float tMax;

  /** The triangle hit, −1 for none. */
  int triangle;

  /** Weights of the hit triangle's second and third corner. */
  float u;

  float v;

  void set(float ox, float oy, float oz, float dx, float dy, float dz) {
    this.ox = ox;
    this.oy = oy;
    this.oz = oz;
    this.dx = dx;
    this.dy = dy;
    this.dz = dz;
    this.tMin = 0;
    this.tMax = Float.POSITIVE_INFINITY;
  }
}
