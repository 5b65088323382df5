package dev.azimuth.views;

import java.util.Arrays;

/**
 * A pinhole camera with the published convention: {@code [R|t]}, 3×4, takes world to camera
 * coordinates; Blender's camera axes (+X right, +Y up, looks along −Z); a right-handed world with
 * +Z up.
 *
 * <p>The field of view is that of the picture's larger side, as in Blender.
 */
public final class Camera {
  /** The published lens, 35 mm on a 32 mm sensor: 2·atan(16/35), 49.134 degrees. */
  public static final double PUBLISHED_FIELD_OF_VIEW = Math.toDegrees(2 * Math.atan(16.0 / 35.0));

  private static final double ORTHONORMAL_TOLERANCE = 1e-3;

  private final double[] worldToCamera;
  private final double fieldOfView;

  private Camera(double[] worldToCamera, double fieldOfView) {
    this.worldToCamera = worldToCamera;
    this.fieldOfView = fieldOfView;
  }

  /**
   * A camera from its matrix.
   *
   * @param worldToCamera {@code [R|t]}, row-major, 12 numbers
   * @param fieldOfView of the larger side, degrees, in (0, 180)
   * @throws IllegalArgumentException if a number is not finite or R is no rotation (to 1e-3)
   */
  public static Camera of(double[] worldToCamera, double fieldOfView) {
    if (worldToCamera.length != 12) {
      throw new IllegalArgumentException(
          "camera: [R|t] has 3 x 4 = 12 numbers; got " + worldToCamera.length);
    }
    for (double value : worldToCamera) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException(
            "camera: [R|t] must be finite; got " + Arrays.toString(worldToCamera));
      }
    }
    checkFieldOfView(fieldOfView);
    double[] m = worldToCamera.clone();
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j <= i; j++) {
        double dot =
            m[4 * i] * m[4 * j] + m[4 * i + 1] * m[4 * j + 1] + m[4 * i + 2] * m[4 * j + 2];
        if (Math.abs(dot - (i == j ? 1 : 0)) > ORTHONORMAL_TOLERANCE) {
          throw new IllegalArgumentException(
              "camera: the rows of R must be orthonormal, but row %d · row %d = %s"
                  .formatted(i, j, dot));
        }
      }
    }
    double det =
        m[0] * (m[5] * m[10] - m[6] * m[9])
            - m[1] * (m[4] * m[10] - m[6] * m[8])
            + m[2] * (m[4] * m[9] - m[5] * m[8]);
    if (det < 0) {
      throw new IllegalArgumentException("camera: R mirrors (determinant " + det + ")");
    }
    return new Camera(m, fieldOfView);
  }

  /**
   * The camera at {@code (x, y, z)} that looks at the origin with +Z up. Straight above or below,
   * where the azimuth is undefined, it is taken as 0.
   *
   * @throws IllegalArgumentException if the position is the origin or not finite
   */
  public static Camera lookAt(double x, double y, double z, double fieldOfView) {
    double r = Math.sqrt(x * x + y * y + z * z);
    return spherical(Math.atan2(Math.hypot(x, y), z), Math.atan2(y, x), r, fieldOfView);
  }

  /**
   * The camera at polar angle θ from +Z and azimuth φ = atan2(y, x), both in radians, at distance
   * r, looking at the origin. Continuous over the poles: there, φ alone decides which way is up.
   *
   * @throws IllegalArgumentException unless all are finite and r is positive
   */
  public static Camera spherical(double polar, double azimuth, double radius, double fieldOfView) {
    if (!Double.isFinite(polar) || !Double.isFinite(azimuth)) {
      throw new IllegalArgumentException(
          "camera: angles must be finite; got polar " + polar + ", azimuth " + azimuth);
    }
    if (!Double.isFinite(radius) || radius <= 0) {
      throw new IllegalArgumentException(
          "camera: the distance from the origin must be positive; got " + radius);
    }
    checkFieldOfView(fieldOfView);
    double sinT = Math.sin(polar);
    double cosT = Math.cos(polar);
    double sinP = Math.sin(azimuth);
    double cosP = Math.cos(azimuth);
    // rows: right, up, backwards; the camera stands at radius * backwards
    return new Camera(
        new double[] {
          -sinP,
          cosP,
          0,
          0, //
          -cosT * cosP,
          -cosT * sinP,
          sinT,
          0, //
          sinT * cosP,
          sinT * sinP,
          cosT,
          -radius
        },
        fieldOfView);
  }

  private static void checkFieldOfView(double degrees) {
    if (!(degrees > 0 && degrees < 180)) {
      throw new IllegalArgumentException(
          "camera: the field of view must lie in (0, 180) degrees; got " + degrees);
    }
  }

  /** {@code [R|t]}, row-major, 12 numbers; a copy. */
  public double[] worldToCamera() {
    return worldToCamera.clone();
  }

  /** Degrees, of the picture's larger side. */
  public double fieldOfView() {
    return fieldOfView;
  }

  /** Where the camera stands: {@code −Rᵀt}. */
  public double[] centre() {
    double[] m = worldToCamera;
    double[] c = new double[3];
    for (int i = 0; i < 3; i++) {
      c[i] = -(m[i] * m[3] + m[4 + i] * m[7] + m[8 + i] * m[11]);
    }
    return c;
  }

  /** The unit vector along which the camera looks: minus the third row of R. */
  public double[] direction() {
    return new double[] {-worldToCamera[8], -worldToCamera[9], -worldToCamera[10]};
  }

  /** Distance of the camera from the origin. */
  public double radius() {
    double[] c = centre();
    return Math.sqrt(c[0] * c[0] + c[1] * c[1] + c[2] * c[2]);
  }

  /** θ, the angle of the camera's position from +Z, in [0, π]. */
  public double polar() {
    double[] c = centre();
    return Math.atan2(Math.hypot(c[0], c[1]), c[2]);
  }

  /** φ = atan2(y, x) of the camera's position, in (−π, π]. */
  public double azimuth() {
    double[] c = centre();
    return Math.atan2(c[1], c[0]);
  }

  /**
   * How far the line of sight passes by the origin, as a part of the distance; 2 if it is behind.
   */
  public double missOfOrigin() {
    double[] m = worldToCamera;
    // the origin in camera coordinates is t; in front means negative z
    double r = Math.sqrt(m[3] * m[3] + m[7] * m[7] + m[11] * m[11]);
    if (r == 0 || m[11] >= 0) {
      return 2;
    }
    return Math.hypot(m[3], m[7]) / r;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Camera that
        && fieldOfView == that.fieldOfView
        && Arrays.equals(worldToCamera, that.worldToCamera);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(worldToCamera) * 31 + Double.hashCode(fieldOfView);
  }

  @Override
  public String toString() {
    return "Camera[polar %.2f°, azimuth %.2f°, radius %.3f]"
        .formatted(Math.toDegrees(polar()), Math.toDegrees(azimuth()), radius());
  }
}
