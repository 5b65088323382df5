package dev.azimuth.views;

import java.util.ArrayList;
import java.util.List;

/** Where the cameras of an object's views stand; all look at the origin. */
public sealed interface CameraRig {
  /** The published cameras. */
  CameraRig PUBLISHED = new Published();

  /**
   * The cameras of an object's views, fixed by its uid and the data set's seed.
   *
   * @param views how many
   */
  List<Camera> cameras(long seed, String uid, int views);

  /**
   * As published: direction uniform in a cube, normalised; distance U(1.5, 2.2). A longer list
   * begins with the shorter one.
   */
  record Published() implements CameraRig {
    static final double NEAREST = 1.5;
    static final double FARTHEST = 2.2;

    @Override
    public List<Camera> cameras(long seed, String uid, int views) {
      SeedStream random = SeedStream.of(seed, "cameras of " + uid);
      List<Camera> cameras = new ArrayList<>();
      while (cameras.size() < views) {
        double x = random.uniform(-1, 1);
        double y = random.uniform(-1, 1);
        double z = random.uniform(-1, 1);
        double length = Math.sqrt(x * x + y * y + z * z);
        double radius = random.uniform(NEAREST, FARTHEST);
        if (length > 1e-6) {
          double scale = radius / length;
          cameras.add(
              Camera.lookAt(x * scale, y * scale, z * scale, Camera.PUBLISHED_FIELD_OF_VIEW));
        }
      }
      return cameras;
    }
  }

  /**
   * A turn around the object, the same for all: cameras evenly spaced in azimuth, each to the right
   * of the one before.
   *
   * @param elevation of all cameras above the horizon, degrees, in [-90, 90]
   * @param radius their distance from the origin, positive
   * @param start azimuth of the first camera, degrees from +X towards +Y
   */
  record Orbit(double elevation, double radius, double start) implements CameraRig {
    /**
     * Checks the ranges.
     *
     * @throws IllegalArgumentException naming the number that is out of its range
     */
    public Orbit {
      if (!(Math.abs(elevation) <= 90)) {
        throw new IllegalArgumentException(
            "orbit: the elevation must lie in -90 to 90 degrees; got " + elevation);
      }
      if (!(radius > 0) || Double.isInfinite(radius)) {
        throw new IllegalArgumentException(
            "orbit: the radius must be positive and finite; got " + radius);
      }
      if (!Double.isFinite(start)) {
        throw new IllegalArgumentException("orbit: the start must be finite; got " + start);
      }
    }

    @Override
    public List<Camera> cameras(long seed, String uid, int views) {
      List<Camera> cameras = new ArrayList<>();
      for (int i = 0; i < views; i++) {
        cameras.add(
            Camera.spherical(
                Math.toRadians(90 - elevation),
                Math.toRadians(start + 360.0 * i / views),
                radius,
                Camera.PUBLISHED_FIELD_OF_VIEW));
      }
      return cameras;
    }
  }
}
