package dev.azimuth.diffusion.training;

/** Pictures of objects from several cameras: what training draws from. */
public interface TrainingViews {
  /** Number of objects. */
  int objects();

  /** Number of views of an object. */
  int views(int object);

  /** A view: [size, size, 3], row-major, in [-1, 1]. */
  float[] image(int object, int view);

  /** The move T = [Δθ, sin Δφ, cos Δφ, Δr] from one view's camera to another's. */
  double[] relativePose(int object, int condition, int target);
}
