package dev.azimuth.views;

/**
 * The move from the condition's camera to the target's, as Zero-1-to-3 takes it: {@code T = [Δθ,
 * sin Δφ, cos Δφ, Δr]}, radians; θ is the polar angle from +Z, φ = atan2(y, x), r the distance from
 * the origin, Δ = target − condition.
 *
 * @param polar Δθ: positive moves the camera <em>down</em>
 * @param azimuth Δφ modulo 2π, in [0, 2π): positive moves the camera to its right
 * @param radius Δr: positive moves it away
 */
public record RelativePose(double polar, double azimuth, double radius) {
  /** The move that stays. */
  public static final RelativePose NONE = new RelativePose(0, 0, 0);

  /** What rounding may add to a polar angle on the pole. */
  private static final double POLE_SLACK = 1e-9;

  /**
   * Takes Δφ modulo 2π.
   *
   * @throws IllegalArgumentException if a number is NaN or infinite
   */
  public RelativePose {
    if (!Double.isFinite(polar) || !Double.isFinite(azimuth) || !Double.isFinite(radius)) {
      throw new IllegalArgumentException(
          "pose: angles and radius must be finite; got polar %s, azimuth %s, radius %s"
              .formatted(polar, azimuth, radius));
    }
    double turn = 2 * Math.PI;
    azimuth = azimuth % turn;
    if (azimuth < 0) {
      azimuth += turn;
    }
    if (azimuth >= turn) {
      azimuth = 0; // −1e-20 + 2π rounds to 2π
    }
  }

  /** The move from {@code condition} to {@code target}. */
  public static RelativePose between(Camera condition, Camera target) {
    return new RelativePose(
        target.polar() - condition.polar(),
        target.azimuth() - condition.azimuth(),
        target.radius() - condition.radius());
  }

  /**
   * The move that a person gives at the command line, in degrees, relative to the input view.
   *
   * @param elevation positive <em>raises</em> the camera, so Δθ = −elevation: the opposite sign of
   *     the published demo's "polar angle"
   * @param azimuth positive moves the camera to its right
   * @param radius positive moves the camera away
   */
  public static RelativePose ofDegrees(double elevation, double azimuth, double radius) {
    return new RelativePose(-Math.toRadians(elevation), Math.toRadians(azimuth), radius);
  }

  /** {@code [Δθ, sin Δφ, cos Δφ, Δr]}. */
  public float[] toVector() {
    return new float[] {
      (float) polar, (float) Math.sin(azimuth), (float) Math.cos(azimuth), (float) radius
    };
  }

  /**
   * The target camera that this move reaches from {@code condition}, looking at the origin.
   *
   * @throws IllegalArgumentException if it would end at or behind the origin, or pass over a pole
   */
  public Camera applyTo(Camera condition) {
    double theta = condition.polar() + polar;
    if (theta < -POLE_SLACK || theta > Math.PI + POLE_SLACK) {
      throw new IllegalArgumentException(
          "pose: the move passes over a pole, to polar angle %.2f degrees; 0 to 180 are possible"
              .formatted(Math.toDegrees(theta)));
    }
    return Camera.spherical(
        Math.clamp(theta, 0, Math.PI),
        condition.azimuth() + azimuth,
        condition.radius() + radius,
        condition.fieldOfView());
  }

  /** The angle in radians, in [0, π], between the two lines of sight if both look at the origin. */
  public static double angleBetween(Camera a, Camera b) {
    double[] p = a.centre();
    double[] q = b.centre();
    double dot = p[0] * q[0] + p[1] * q[1] + p[2] * q[2];
    double crossX = p[1] * q[2] - p[2] * q[1];
    double crossY = p[2] * q[0] - p[0] * q[2];
    double crossZ = p[0] * q[1] - p[1] * q[0];
    return Math.atan2(Math.sqrt(crossX * crossX + crossY * crossY + crossZ * crossZ), dot);
  }
}
