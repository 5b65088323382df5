package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

final class RelativePoseTest {
  private static final double FOV = Camera.PUBLISHED_FIELD_OF_VIEW;
  private static final double EPS = 1e-13;

  @Test
  void vectorHasThePublishedOrderAndSigns() {
    Camera condition = Camera.spherical(1.0, 0.2, 1.5, FOV);
    Camera target = Camera.spherical(1.3, 0.7, 2.0, FOV);
    float[] t = RelativePose.between(condition, target).toVector();
    float[] expected = {0.3f, (float) Math.sin(0.5), (float) Math.cos(0.5), 0.5f};
    assertArrayEquals(expected, t, 1e-6f);
  }

  @Test
  void positivePolarIsDownAndPositiveAzimuthIsToTheRight() {
    Camera camera = Camera.spherical(1.2, 0.4, 1.8, FOV);
    Camera lower = new RelativePose(0.3, 0, 0).applyTo(camera);
    assertTrue(lower.centre()[2] < camera.centre()[2]);
    Camera right = new RelativePose(0, 0.3, 0).applyTo(camera);
    double[] m = camera.worldToCamera();
    double[] c = right.centre();
    assertTrue(m[0] * c[0] + m[1] * c[1] + m[2] * c[2] > 0, "on the right of the old view");
    Camera away = new RelativePose(0, 0, 0.3).applyTo(camera);
    assertEquals(2.1, away.radius(), EPS);
  }

  @Test
  void degreesOfAPersonRaiseTheCamera() {
    RelativePose pose = RelativePose.ofDegrees(30, 60, -0.2);
    assertEquals(-Math.PI / 6, pose.polar(), EPS);
    assertEquals(Math.PI / 3, pose.azimuth(), EPS);
    Camera camera = Camera.spherical(1.2, 0.4, 1.8, FOV);
    assertTrue(RelativePose.ofDegrees(30, 0, 0).applyTo(camera).centre()[2] > camera.centre()[2]);
  }

  @Test
  void azimuthWrapsAround() {
    Camera a = Camera.spherical(1, Math.toRadians(170), 2, FOV);
    Camera b = Camera.spherical(1, Math.toRadians(-170), 2, FOV);
    assertEquals(Math.toRadians(20), RelativePose.between(a, b).azimuth(), EPS);
    assertEquals(Math.toRadians(340), RelativePose.between(b, a).azimuth(), EPS);
    assertEquals(0, new RelativePose(0, -1e-20, 0).azimuth());
    assertEquals(0, RelativePose.ofDegrees(0, -720, 0).azimuth(), EPS);
    assertEquals(Math.toRadians(10), RelativePose.ofDegrees(0, 3970, 0).azimuth(), 1e-11);
  }

  @Test
  void betweenAndApplyToAreInverse() {
    Random random = new Random(3);
    for (int i = 0; i < 500; i++) {
      Camera a = randomCamera(random);
      Camera b = randomCamera(random);
      Camera back = RelativePose.between(a, b).applyTo(a);
      assertArrayEquals(b.worldToCamera(), back.worldToCamera(), 1e-9);
    }
  }

  @Test
  void polesAreReachedButNotPassed() {
    Camera camera = Camera.spherical(0.5, 0.4, 1.8, FOV);
    assertEquals(0, new RelativePose(-0.5, 0, 0).applyTo(camera).polar(), 1e-12);
    assertThrows(
        IllegalArgumentException.class, () -> new RelativePose(-0.6, 0, 0).applyTo(camera));
    assertThrows(IllegalArgumentException.class, () -> new RelativePose(2.7, 0, 0).applyTo(camera));
    assertThrows(
        IllegalArgumentException.class, () -> new RelativePose(0, 0, -1.9).applyTo(camera));
  }

  @Test
  void nanAndInfinityAreRefused() {
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> new RelativePose(bad, 0, 0));
      assertThrows(IllegalArgumentException.class, () -> RelativePose.ofDegrees(0, bad, 0));
      assertThrows(IllegalArgumentException.class, () -> RelativePose.ofDegrees(0, 0, bad));
    }
  }

  @Test
  void angleBetweenIsThatOfTheLinesOfSight() {
    Camera a = Camera.lookAt(1, 0, 0, FOV);
    assertEquals(Math.PI / 2, RelativePose.angleBetween(a, Camera.lookAt(0, 0, 2, FOV)), EPS);
    assertEquals(Math.PI, RelativePose.angleBetween(a, Camera.lookAt(-3, 0, 0, FOV)), EPS);
    assertEquals(0, RelativePose.angleBetween(a, Camera.lookAt(5, 0, 0, FOV)), EPS);
  }

  private static Camera randomCamera(Random random) {
    return Camera.lookAt(random.nextGaussian(), random.nextGaussian(), random.nextGaussian(), FOV);
  }
}
