package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class CameraTest {
  private static final double FOV = Camera.PUBLISHED_FIELD_OF_VIEW;
  // a handful of float64 products and sums of numbers up to 3
  private static final double EPS = 1e-14;

  @Test
  void publishedFieldOfViewIs49Degrees() {
    assertEquals(49.134, FOV, 0.0005);
  }

  @Test
  void cameraOnTheXAxisHasTheExpectedMatrix() {
    // right is +y, up is +z, backwards is +x
    Camera camera = Camera.lookAt(2, 0, 0, FOV);
    assertArrayEquals(
        new double[] {0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, -2}, camera.worldToCamera(), EPS);
    assertArrayEquals(new double[] {2, 0, 0}, camera.centre(), EPS);
    assertArrayEquals(new double[] {-1, 0, 0}, camera.direction(), EPS);
  }

  @Test
  void centreIsMinusRTransposedT() {
    Random random = new Random(1);
    for (int i = 0; i < 200; i++) {
      double[] p = {random.nextGaussian(), random.nextGaussian(), random.nextGaussian()};
      Camera camera = Camera.lookAt(p[0], p[1], p[2], FOV);
      assertArrayEquals(p, camera.centre(), EPS * 10);
      assertTrue(camera.missOfOrigin() < 1e-12);
      double r = Math.sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
      assertEquals(r, camera.radius(), EPS * 10);
      // up in the picture is towards +z, and x of the picture is level
      double[] m = camera.worldToCamera();
      assertEquals(0, m[2], EPS);
      assertTrue(m[6] >= 0);
      // a rotation: reading it back as a matrix is accepted
      assertEquals(camera, Camera.of(m, FOV));
    }
  }

  @Test
  void polesHaveADefinedUpAndAreContinuous() {
    for (double sign : new double[] {1, -1}) {
      Camera pole = Camera.lookAt(0, 0, sign * 2, FOV);
      assertArrayEquals(new double[] {0, 0, sign * 2}, pole.centre(), EPS);
      assertEquals(sign > 0 ? 0 : Math.PI, pole.polar(), EPS);
      Camera near = Camera.spherical(sign > 0 ? 1e-9 : Math.PI - 1e-9, 0, 2, FOV);
      assertArrayEquals(pole.worldToCamera(), near.worldToCamera(), 1e-8);
    }
    // over the pole, the azimuth turns the picture
    Camera turned = Camera.spherical(0, Math.PI / 2, 2, FOV);
    assertArrayEquals(
        new double[] {-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, -2}, turned.worldToCamera(), EPS);
  }

  @Test
  void polarAndAzimuthAreThePublishedAngles() {
    Camera camera = Camera.lookAt(0, 1, 1, FOV);
    assertEquals(Math.PI / 4, camera.polar(), EPS);
    assertEquals(Math.PI / 2, camera.azimuth(), EPS);
    assertEquals(Math.PI, Camera.lookAt(-1, 0, 0, FOV).azimuth(), EPS);
    assertEquals(-Math.PI / 2, Camera.lookAt(0, -1, 0, FOV).azimuth(), EPS);
  }

  @Test
  void whatIsNoCameraIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Camera.lookAt(0, 0, 0, FOV));
    assertThrows(IllegalArgumentException.class, () -> Camera.lookAt(Double.NaN, 0, 1, FOV));
    assertThrows(IllegalArgumentException.class, () -> Camera.lookAt(1, 0, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> Camera.lookAt(1, 0, 0, 180));
    assertThrows(IllegalArgumentException.class, () -> Camera.lookAt(1, 0, 0, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Camera.of(new double[11], FOV));
    assertThrows(IllegalArgumentException.class, () -> Camera.of(new double[12], FOV));
    double[] mirrored = {0, -1, 0, 0, 0, 0, 1, 0, 1, 0, 0, -2};
    assertThrows(IllegalArgumentException.class, () -> Camera.of(mirrored, FOV));
    double[] nan = Camera.lookAt(1, 0, 0, FOV).worldToCamera();
    nan[5] = Double.NaN;
    assertThrows(IllegalArgumentException.class, () -> Camera.of(nan, FOV));
  }

  @Test
  void missOfOriginTellsAim() {
    double[] m = Camera.lookAt(2, 0, 0, FOV).worldToCamera();
    m[3] = 0.5; // the origin lies half a unit to the right
    assertEquals(0.5 / Math.hypot(0.5, 2), Camera.of(m, FOV).missOfOrigin(), EPS);
    m[3] = 0;
    m[11] = 2; // looks away
    assertEquals(2, Camera.of(m, FOV).missOfOrigin());
  }
}
