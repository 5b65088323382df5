package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.azimuth.tensor.file.Npy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ViewDatasetTest {
  @TempDir Path folder;

  @BeforeEach
  void render() throws Exception {
    Datasets.render(folder, "a", "b", "c");
  }

  private Path file(String name) {
    return folder.resolve(name);
  }

  /** The one problem that the check must find, which must also be the error of reading the view. */
  private void expectProblem(String uid, int view, String part) throws IOException {
    ViewDataset data = ViewDataset.open(folder);
    List<DatasetProblem> problems = data.check();
    assertEquals(1, problems.size(), problems.toString());
    assertEquals(uid, problems.get(0).uid());
    assertEquals(view, problems.get(0).view());
    assertTrue(problems.get(0).reason().contains(part), problems.get(0).reason());
    String path = folder.resolve(uid).toString();
    assertTrue(problems.get(0).reason().contains(path), problems.get(0).reason());
    if (view >= 0) {
      assertThrows(DatasetException.class, () -> data.view(uid, view));
    }
  }

  @Test
  void readsBackWhatWasRendered() throws IOException {
    ViewDataset data = ViewDataset.open(folder);
    assertEquals(List.of("a", "b", "c"), data.objects());
    assertEquals(3, data.views());
    assertEquals(12, data.width());
    assertEquals(12, data.height());
    assertTrue(data.check().isEmpty());
    View view = data.view("b", 2);
    assertEquals(CameraRig.PUBLISHED.cameras(9, "b", 3).get(2), view.camera());
    assertEquals(1, view.image().at(6, 6, 3));
    assertEquals("author of b", data.info("b").creator());
    assertThrows(IllegalArgumentException.class, () -> data.view("d", 0));
    assertThrows(DatasetException.class, () -> data.view("a", 3));
  }

  @Test
  void missingPictures() throws IOException {
    Files.delete(file("b/001.png"));
    expectProblem("b", 1, "001.png: no such file");
  }

  @Test
  void missingCameras() throws IOException {
    Files.delete(file("b/001.npy"));
    expectProblem("b", 1, "001.npy");
  }

  @Test
  void missingLastViews() throws IOException {
    Files.delete(file("c/002.npy"));
    Files.delete(file("c/002.png"));
    expectProblem("c", -1, "2 views, the others have 3");
  }

  @Test
  void missingObjects() throws IOException {
    AtomicFiles.deleteTree(file("a"));
    expectProblem("a", -1, "0 views");
  }

  @Test
  void otherSizes() throws IOException {
    Image.read(file("b/000.png")).resized(10, 12).writePng(file("b/000.png"));
    expectProblem("b", 0, "is 10 x 12, the data set's pictures are 12 x 12");
  }

  @Test
  void fullyTransparentViews() throws IOException {
    new Image(12, 12, new float[12 * 12 * 4]).writePng(file("b/000.png"));
    expectProblem("b", 0, "is fully transparent");
  }

  @Test
  void truncatedPictures() throws IOException {
    byte[] bytes = Files.readAllBytes(file("b/000.png"));
    Files.write(file("b/000.png"), Arrays.copyOf(bytes, bytes.length / 2));
    expectProblem("b", 0, "truncated");
  }

  @Test
  void camerasThatLookElsewhere() throws IOException {
    double[] m = Npy.read(file("c/001.npy")).values();
    m[3] += 0.1;
    Npy.write(file("c/001.npy"), m, 3, 4);
    expectProblem("c", 1, "doesn't look at the origin");
  }

  @Test
  void camerasOfAnotherShape() throws IOException {
    double[] m = Arrays.copyOf(Npy.read(file("c/001.npy")).values(), 16);
    Npy.write(file("c/001.npy"), m, 4, 4);
    expectProblem("c", 1, "a camera is [3, 4]; got [4, 4]");
  }

  @Test
  void camerasThatAreNoRotation() throws IOException {
    double[] m = Npy.read(file("c/001.npy")).values();
    m[0] = Double.NaN;
    Npy.write(file("c/001.npy"), m, 3, 4);
    expectProblem("c", 1, "must be finite");
  }

  @Test
  void damagedCamerasAreNeverAnUncheckedException() throws IOException {
    byte[] good = Files.readAllBytes(file("c/001.npy"));
    ViewDataset data = ViewDataset.open(folder);
    Random random = new Random(6);
    for (int i = 0; i < 500; i++) {
      byte[] bad = Arrays.copyOf(good, i % 2 == 0 ? random.nextInt(good.length) : good.length);
      if (i % 2 == 1) {
        bad[random.nextInt(128)] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file("c/001.npy"), bad);
      try {
        data.camera("c", 1);
      } catch (DatasetException e) {
        assertTrue(e.getMessage().contains("001.npy"), e.getMessage());
      }
    }
  }

  @Test
  void listsThatAreNoLists() throws IOException {
    for (String text :
        new String[] {
          "", "{}", "[]", "[3]", "[\"../a\"]", "[\"\"]", "[\"a\",\"a\"]", "[\"a\"", "[\"..\"]"
        }) {
      Files.writeString(file("valid_paths.json"), text);
      IOException e = assertThrows(IOException.class, () -> ViewDataset.open(folder), text);
      assertTrue(e.getMessage().contains("valid_paths.json"), e.getMessage());
    }
    Files.delete(file("valid_paths.json"));
    assertThrows(DatasetException.class, () -> ViewDataset.open(folder));
  }

  @Test
  void dataSetsFromElsewhereHaveNoObjectFile() throws IOException {
    Files.delete(file("a/object.json"));
    ViewDataset data = ViewDataset.open(folder);
    assertTrue(data.check().isEmpty());
    IOException e = assertThrows(IOException.class, () -> data.info("a"));
    assertTrue(e.getMessage().contains("object.json"), e.getMessage());
  }
}
