package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CameraRigTest {
  @TempDir Path folder;

  @Test
  void orbitIsEvenAndLevel() {
    List<Camera> cameras = new CameraRig.Orbit(20, 1.8, -60).cameras(1, "a", 8);
    assertEquals(8, cameras.size());
    for (int i = 0; i < 8; i++) {
      Camera camera = cameras.get(i);
      assertEquals(70, Math.toDegrees(camera.polar()), 1e-9);
      assertEquals(1.8, camera.radius(), 1e-12);
      assertTrue(camera.missOfOrigin() < 1e-12);
      double turn = Math.toDegrees(camera.azimuth()) - (-60 + 45 * i);
      assertEquals(0, Math.IEEEremainder(turn, 360), 1e-9);
      assertEquals(Camera.PUBLISHED_FIELD_OF_VIEW, camera.fieldOfView());
    }
    assertEquals(cameras, new CameraRig.Orbit(20, 1.8, -60).cameras(2, "b", 8));
    // the published sign: a positive azimuth moves to the camera's right
    Camera first = new CameraRig.Orbit(0, 2, 0).cameras(0, "", 36).get(0);
    double[] second = new CameraRig.Orbit(0, 2, 0).cameras(0, "", 36).get(1).centre();
    double[] right = first.worldToCamera();
    assertTrue(right[0] * second[0] + right[1] * second[1] + right[2] * second[2] > 0.3);
  }

  @Test
  void polesAreFineAndNonsenseIsNot() {
    assertEquals(0, new CameraRig.Orbit(90, 1, 0).cameras(0, "", 2).get(1).polar(), 1e-9);
    for (double[] wrong :
        new double[][] {
          {90.1, 1, 0},
          {Double.NaN, 1, 0},
          {0, 0, 0},
          {0, -1, 0},
          {0, Double.NaN, 0},
          {0, Double.POSITIVE_INFINITY, 0},
          {0, 1, Double.NaN}
        }) {
      assertThrows(
          IllegalArgumentException.class, () -> new CameraRig.Orbit(wrong[0], wrong[1], wrong[2]));
    }
  }

  @Test
  void theRigIsRecordedAndMustAgree() throws Exception {
    CameraRig.Orbit orbit = new CameraRig.Orbit(20, 1.8, -60);
    List<MeshAsset> ball = List.of(Datasets.ball("a"));
    RenderSettings settings = new RenderSettings(2, 12, 2, 9, 1, orbit);
    new ViewRenderer(settings).render(ball, folder, RenderProgress.NONE);
    assertEquals(orbit, ObjectInfo.read(folder.resolve("a")).rig());
    ViewDataset set = ViewDataset.open(folder);
    assertEquals(orbit.cameras(9, "a", 2).get(1), set.camera("a", 1));
    new ViewRenderer(settings).render(ball, folder, RenderProgress.NONE);
    ViewRenderer published = new ViewRenderer(new RenderSettings(2, 12, 2, 9, 1));
    assertThrows(IOException.class, () -> published.render(ball, folder, RenderProgress.NONE));
    Path info = folder.resolve("a/object.json");
    Files.writeString(info, Files.readString(info).replace("\"radius\" : 1.8", "\"radius\" : -1"));
    String message =
        assertThrows(IOException.class, () -> ObjectInfo.read(folder.resolve("a"))).getMessage();
    assertTrue(message.contains("object.json") && message.contains("radius"), message);
  }
}
