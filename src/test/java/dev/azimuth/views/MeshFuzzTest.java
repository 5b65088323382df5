package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Truncated and mutated files end in a mesh or in an IOException, and never in anything else. */
final class MeshFuzzTest {
  @TempDir Path folder;

  @FunctionalInterface
  private interface Reader {
    void read(byte[] bytes) throws IOException;
  }

  /** Returns how many of the mutants could be read. */
  private static int fuzz(byte[] good, long seed, int rounds, Reader reader) throws IOException {
    reader.read(good);
    Random random = new Random(seed);
    int read = 0;
    for (int i = 0; i < rounds; i++) {
      byte[] bad = good.clone();
      if (i % 3 == 0) {
        bad = Arrays.copyOf(bad, random.nextInt(bad.length));
      }
      int changes = i % 3 == 0 ? 0 : 1 + random.nextInt(8);
      for (int k = 0; k < changes; k++) {
        int at = random.nextInt(bad.length);
        bad[at] =
            i % 2 == 0 ? (byte) random.nextInt(256) : (byte) (bad[at] ^ 1 << random.nextInt(8));
      }
      try {
        reader.read(bad);
        read++;
      } catch (IOException e) {
        assertTrue(String.valueOf(e.getMessage()).contains("fuzz"), "names the file: " + e);
      }
    }
    return read;
  }

  private static void use(Mesh mesh) {
    try {
      new Bvh(mesh.normalised().positions);
    } catch (MeshException e) {
      // a mesh without extent
    }
  }

  @Test
  void obj() throws IOException {
    String text =
        "mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0.25 0.5 -1e-1\nvt 0 0\nvt 1 1\nvn 0 0 1\n"
            + "usemtl m\ns 1\nf 1/1/1 2/2/1 3/1/1 4//1\nf -1 -2 -3\nf 1 2 3\n";
    AssetFiles none = reference -> null;
    int read =
        fuzz(
            text.getBytes(StandardCharsets.UTF_8),
            11,
            6000,
            bytes -> use(ObjReader.read(bytes, "fuzz.obj", none)));
    assertTrue(read > 1000, "most small damage is survived: " + read);
  }

  @Test
  void mtl() throws IOException {
    byte[] obj =
        "mtllib a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl m\nf 1 2 3".getBytes(StandardCharsets.UTF_8);
    byte[] picture = new Image(2, 2, new float[16]).encodePng();
    byte[] mtl =
        "newmtl m\nKd 1 0.5 0\nKs 1 1 1\nNs 96\nd 0.5\nTr 0.5\nmap_Kd -s 1 1 1 p.png\nmap_d p.png\n"
            .getBytes(StandardCharsets.UTF_8);
    int rounds = 3000;
    int read =
        fuzz(
            mtl,
            12,
            rounds,
            bytes ->
                use(
                    ObjReader.read(
                        obj,
                        "fuzz.obj",
                        reference ->
                            reference.equals("a")
                                ? bytes
                                : reference.equals("p.png") ? picture : null)));
    assertEquals(rounds, read, "no damage to materials stops a mesh");
  }

  @Test
  void glb() throws IOException {
    fuzz(GlbFile.triangle(), 13, 2500, bytes -> use(GlbReader.read(bytes, "fuzz.glb")));
  }

  @Test
  void furnitureLibrary() throws IOException {
    Path file =
        FurnitureLibraryTest.write(folder.resolve("fuzz.sh3f"), FurnitureLibraryTest.entries());
    fuzz(
        Files.readAllBytes(file),
        14,
        1500,
        bytes -> {
          Files.write(file, bytes);
          for (MeshAsset asset : FurnitureLibrary.list(file)) {
            if (!asset.name().equals("Gone")) {
              use(asset.loader().load());
            }
          }
        });
  }
}
