package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.file.Npy;
import dev.azimuth.views.ObjectReport.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ViewRendererTest {
  @TempDir Path folder;

  /** All files below, with the check sum of each. */
  private static Map<String, Long> contents(Path root) throws IOException {
    Map<String, Long> all = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        CRC32 sum = new CRC32();
        sum.update(Files.readAllBytes(file));
        all.put(root.relativize(file).toString(), sum.getValue());
      }
    }
    return all;
  }

  @Test
  void layoutIsThePublishedOne() throws Exception {
    Datasets.render(folder, "a", "b");
    assertEquals(
        List.of(
            "a/000.npy",
            "a/000.png",
            "a/001.npy",
            "a/001.png",
            "a/002.npy",
            "a/002.png",
            "a/object.json",
            "b/000.npy",
            "b/000.png",
            "b/001.npy",
            "b/001.png",
            "b/002.npy",
            "b/002.png",
            "b/object.json",
            "valid_paths.json"),
        List.copyOf(contents(folder).keySet()));
    Npy.Array array = Npy.read(folder.resolve("a/001.npy"));
    assertArrayEquals(new int[] {3, 4}, array.shape());
    Camera expected = CameraRig.PUBLISHED.cameras(9, "a", 3).get(1);
    assertArrayEquals(expected.worldToCamera(), array.values());
    ObjectInfo info = ObjectInfo.read(folder.resolve("b"));
    assertEquals("author of b", info.creator());
    assertEquals("CC0", info.licence());
    assertEquals(Lighting.of(9, "b"), info.lighting());
    assertEquals(2 * 12 * 6, info.triangles());
  }

  @Test
  void camerasAreAsPublished() {
    List<Camera> cameras = CameraRig.PUBLISHED.cameras(4, "x", 4000);
    double[] mean = new double[3];
    double meanRadius = 0;
    for (Camera camera : cameras) {
      assertTrue(camera.radius() >= 1.5 && camera.radius() < 2.2);
      assertTrue(camera.missOfOrigin() < 1e-12);
      assertEquals(Camera.PUBLISHED_FIELD_OF_VIEW, camera.fieldOfView());
      for (int c = 0; c < 3; c++) {
        mean[c] += camera.centre()[c] / cameras.size();
      }
      meanRadius += camera.radius() / cameras.size();
    }
    // standard errors: radius 0.2/63, a component about 1.1/63; five of them
    assertEquals(1.85, meanRadius, 5 * 0.0032);
    assertArrayEquals(new double[3], mean, 5 * 0.017);
    assertEquals(cameras.subList(0, 7), CameraRig.PUBLISHED.cameras(4, "x", 7));
    assertNotEquals(cameras.get(0), CameraRig.PUBLISHED.cameras(5, "x", 1).get(0));
    assertNotEquals(cameras.get(0), CameraRig.PUBLISHED.cameras(4, "y", 1).get(0));
  }

  @Test
  void lightsAreAsPublished() {
    for (int i = 0; i < 1000; i++) {
      Lighting light = Lighting.of(i, "x");
      assertTrue(light.energy() >= 300 && light.energy() < 600);
      assertTrue(Math.abs(light.x()) <= 1 && Math.abs(light.y()) <= 1);
      assertTrue(light.z() >= 0.5 && light.z() < 1.5);
    }
  }

  @Test
  void threadsAndOrderMakeNoDifference() throws Exception {
    List<MeshAsset> assets = new ArrayList<>();
    for (String uid : new String[] {"a", "b", "c"}) {
      assets.add(Datasets.ball(uid));
    }
    Path one = folder.resolve("one");
    new ViewRenderer(new RenderSettings(2, 16, 4, 5, 1)).render(assets, one, RenderProgress.NONE);
    Path many = folder.resolve("many");
    new ViewRenderer(new RenderSettings(2, 16, 4, 5, 7)).render(assets, many, RenderProgress.NONE);
    assertEquals(contents(one), contents(many));
    Collections.reverse(assets);
    Path reversed = folder.resolve("reversed");
    new ViewRenderer(new RenderSettings(2, 16, 4, 5, 2))
        .render(assets, reversed, RenderProgress.NONE);
    Files.delete(one.resolve("valid_paths.json"));
    Files.delete(reversed.resolve("valid_paths.json"));
    assertEquals(contents(one), contents(reversed));
  }

  @Test
  void interruptedRunsResumeToTheSameFiles() throws Exception {
    Path whole = folder.resolve("whole");
    Datasets.render(whole, "a", "b", "c");
    Path resumed = folder.resolve("resumed");
    Datasets.render(resumed, "a", "b");
    // what a kill leaves: b half written under its temporary name, c not begun, no list
    Files.move(resumed.resolve("b"), resumed.resolve("b.tmp-12345678"));
    Files.delete(resumed.resolve("b.tmp-12345678/002.png"));
    Files.delete(resumed.resolve("valid_paths.json"));
    Object kept = Files.getLastModifiedTime(resumed.resolve("a/000.png"));
    List<ObjectReport> reports =
        new ViewRenderer(Datasets.SETTINGS)
            .render(
                List.of(Datasets.ball("a"), Datasets.ball("b"), Datasets.ball("c")),
                resumed,
                RenderProgress.NONE);
    assertEquals(
        List.of(Outcome.KEPT, Outcome.RENDERED, Outcome.RENDERED),
        reports.stream().map(ObjectReport::outcome).toList());
    assertEquals(contents(whole), contents(resumed));
    assertEquals(kept, Files.getLastModifiedTime(resumed.resolve("a/000.png")));
  }

  @Test
  void anInterruptLeavesNothingHalfWritten() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    MeshAsset slow =
        Datasets.asset(
            "slow",
            "",
            () -> {
              started.countDown();
              return Mesh.ofTriangles(SphereMesh.positions(0.5, 100, 50));
            });
    AtomicReference<Throwable> thrown = new AtomicReference<>(new AssertionError("not ended"));
    Thread thread =
        new Thread(
            () -> {
              try {
                new ViewRenderer(new RenderSettings(900, 64, 16, 1, 1))
                    .render(List.of(slow), folder, RenderProgress.NONE);
              } catch (Throwable e) {
                thrown.set(e);
              }
            });
    thread.start();
    started.await();
    thread.interrupt();
    thread.join();
    assertEquals(InterruptedException.class, thrown.get().getClass());
    assertEquals(Map.of(), contents(folder));
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(0, left.count());
    }
  }

  @Test
  void otherSettingsInTheSameFolderAreRefused() throws Exception {
    Datasets.render(folder, "a");
    ViewRenderer other = new ViewRenderer(new RenderSettings(3, 13, 2, 9, 2));
    IOException e =
        assertThrows(
            IOException.class,
            () -> other.render(List.of(Datasets.ball("a")), folder, RenderProgress.NONE));
    assertTrue(e.getMessage().contains("other") || e.getMessage().contains("not with these"));
  }

  @Test
  void unusableMeshesAreSkippedAndBlankOnesReported() throws Exception {
    Material clear =
        new Material("clear", Rgb.WHITE, Rgb.BLACK, 1, 0, 0, Rgb.BLACK, null, null, -1);
    Mesh ball = Mesh.ofTriangles(SphereMesh.positions(0.5, 12, 6));
    Mesh ghost =
        new Mesh(
            ball.positions,
            ball.normals,
            ball.texCoords,
            ball.materialOf,
            List.of(clear),
            List.of());
    List<MeshAsset> assets =
        List.of(
            Datasets.asset(
                "broken",
                "",
                () -> {
                  throw new MeshException("broken.obj: no triangles");
                }),
            Datasets.asset("ghost", "", () -> ghost),
            Datasets.ball("good"));
    List<String> progress = Collections.synchronizedList(new ArrayList<>());
    List<ObjectReport> reports =
        new ViewRenderer(Datasets.SETTINGS)
            .render(assets, folder, (report, done, total) -> progress.add(done + "/" + total));
    assertEquals(
        List.of(Outcome.SKIPPED, Outcome.BLANK_VIEWS, Outcome.RENDERED),
        reports.stream().map(ObjectReport::outcome).toList());
    assertEquals(List.of("broken.obj: no triangles"), reports.get(0).findings());
    assertTrue(reports.get(1).findings().contains("nothing is seen in view 000.png"));
    assertEquals(List.of("1/3", "2/3", "3/3"), progress);
    assertFalse(Files.exists(folder.resolve("broken")));
    assertEquals(List.of("good"), ViewDataset.open(folder).objects());
    // and the same findings on the next run
    assertEquals(
        Outcome.BLANK_VIEWS,
        new ViewRenderer(Datasets.SETTINGS)
            .render(assets, folder, RenderProgress.NONE)
            .get(1)
            .outcome());
  }

  @Test
  void unwritableOutputsEndTheRun() throws IOException {
    Path file = folder.resolve("file");
    Files.writeString(file, "in the way");
    assertThrows(
        IOException.class,
        () ->
            new ViewRenderer(Datasets.SETTINGS)
                .render(List.of(Datasets.ball("a")), file, RenderProgress.NONE));
  }

  @Test
  void ordersOfCamerasGiveTheTruthOfADataSet() throws Exception {
    Datasets.render(folder, "a");
    List<Image> images =
        new ViewRenderer(Datasets.SETTINGS)
            .render(Datasets.ball("a"), CameraRig.PUBLISHED.cameras(9, "a", 3));
    for (int i = 0; i < 3; i++) {
      Image stored = Image.read(folder.resolve("a").resolve("00" + i + ".png"));
      assertArrayEquals(stored.rgba(), images.get(i).rgba(), 0.5f / 255 + 1e-6f);
    }
  }

  @Test
  void failuresOfAProgressListenerReachTheCaller() {
    assertThrows(
        UncheckedIOException.class,
        () ->
            new ViewRenderer(Datasets.SETTINGS)
                .render(
                    List.of(Datasets.ball("a")),
                    folder,
                    (report, done, total) -> {
                      throw new UncheckedIOException(new IOException("screen is gone"));
                    }));
  }
}
