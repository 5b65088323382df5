package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ObjReaderTest {
  private final Map<String, byte[]> files = new HashMap<>();

  private Mesh read(String text) throws IOException {
    return ObjReader.read(
        text.getBytes(StandardCharsets.UTF_8), "test.obj", reference -> files.get(reference));
  }

  private void put(String name, String text) {
    files.put(name, text.getBytes(StandardCharsets.UTF_8));
  }

  private static final String QUAD = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n";

  @Test
  void facesMayHaveAnyFormOfCorner() throws IOException {
    String head = QUAD + "vt 0 0\nvt 1 0\nvt 1 1\nvn 0 0 2\n";
    float[] expected = {0, 0, 0, 1, 0, 0, 1, 1, 0};
    for (String face :
        new String[] {"1 2 3", "1/1 2/2 3/3", "1//1 2//1 3//1", "1/1/1 2/2/1 3/3/1"}) {
      Mesh mesh = read(head + "f " + face + "\n");
      assertArrayEquals(expected, mesh.positions, face);
      assertArrayEquals(new float[] {0, 0, 1, 0, 0, 1, 0, 0, 1}, mesh.normals, face);
      assertTrue(mesh.warnings().isEmpty(), face + mesh.warnings());
    }
    Mesh mesh = read(head + "f 1/1/1 2/2/1 3/3/1");
    assertArrayEquals(new float[] {0, 0, 1, 0, 1, 1}, mesh.texCoords);
  }

  @Test
  void negativeNumbersCountFromTheEnd() throws IOException {
    Mesh mesh = read("v 9 9 9\n" + QUAD + "f -4 -3 -2\nv 5 5 5\n");
    assertArrayEquals(new float[] {0, 0, 0, 1, 0, 0, 1, 1, 0}, mesh.positions);
  }

  @Test
  void lineEndsContinuationsAndNumberFormats() throws IOException {
    Mesh mesh = read("v 0 0 0\r\nv 1e0 +0 -0.0\r\nv \\\r\n1.0 10E-1 0\r\nf 1 2 \\\n3");
    assertArrayEquals(new float[] {0, 0, 0, 1, 0, -0f, 1, 1, 0}, mesh.positions);
  }

  @Test
  void numbersAreReadAsTheJdkReadsThem() {
    Random random = new Random(7);
    for (int i = 0; i < 2000; i++) {
      double value = random.nextGaussian() * Math.pow(10, random.nextInt(13) - 6);
      String text =
          switch (i % 3) {
            case 0 -> Double.toString(value);
            case 1 -> "%.6f".formatted(value);
            default -> "%.12e".formatted(value);
          };
      double read = new TextScanner(text.getBytes(StandardCharsets.UTF_8)).number();
      assertEquals(Double.parseDouble(text), read, text);
    }
  }

  @Test
  void concavePolygonsKeepTheirArea() throws IOException {
    // an arrow head and an L: a fan from the first corner would cover what lies outside
    assertEquals(0.5 * 4 - 0.5, area(read("v 0 0 0\nv 2 1 0\nv 0 2 0\nv .5 1 0\nf 1 2 3 4")), 1e-6);
    assertEquals(
        3, area(read("v 1 1 0\nv 1 2 0\nv 0 2 0\nv 0 0 0\nv 2 0 0\nv 2 1 0\nf 1 2 3 4 5 6")), 1e-6);
    // the same, seen from behind and standing
    assertEquals(
        3, area(read("v 0 1 1\nv 0 2 1\nv 0 2 0\nv 0 0 0\nv 0 0 2\nv 0 1 2\nf 6 5 4 3 2 1")), 1e-6);
  }

  @Test
  void starPolygonsOfManyCornersKeepTheirArea() throws IOException {
    StringBuilder text = new StringBuilder();
    StringBuilder face = new StringBuilder("f");
    int n = 60;
    for (int i = 0; i < n; i++) {
      double r = i % 2 == 0 ? 1 : 0.4;
      double a = 2 * Math.PI * i / n;
      text.append("v ").append(r * Math.cos(a)).append(' ').append(r * Math.sin(a)).append(" 0\n");
      face.append(' ').append(i + 1);
    }
    double expected = n * 0.5 * 0.4 * Math.sin(2 * Math.PI / n);
    assertEquals(expected, area(read(text + face.toString())), 1e-5);
  }

  private static double area(Mesh mesh) {
    double sum = 0;
    for (int t = 0; t < mesh.triangleCount(); t++) {
      double[] n = Normals.cross(mesh.positions, t);
      sum += Math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]) / 2;
    }
    return sum;
  }

  @Test
  void missingNormalsAreFlatOrSmoothByGroup() throws IOException {
    String roof = "v 0 0 0\nv 0 1 0\nv 1 0 .2\nv 1 1 .2\nv 2 0 0\nv 2 1 0\n";
    Mesh flat = read(roof + "s off\nf 1 3 4\nf 5 4 3");
    assertTrue(flat.normals[3] < -0.1, "left slope leans left at the ridge");
    Mesh smooth = read(roof + "s 1\nf 1 3 4\nf 5 4 3");
    assertEquals(0, smooth.normals[3], 1e-6, "the ridge looks straight up");
    assertEquals(1, smooth.normals[5], 1e-6);
    Mesh sharp = read(roof.replace(".2", "2") + "s 1\nf 1 3 4\nf 5 4 3");
    assertTrue(sharp.normals[3] < -0.5, "a sharp edge stays sharp");
  }

  @Test
  void brokenFacesAreLeftOutAndReported() throws IOException {
    Mesh mesh =
        read(
            QUAD
                + "v nan 0 0\nv 1e400 0 0\nf 1 2 3\nf 1 2 99\nf 0 1 2\nf -9 1 2\nf 1 2 5\nf 1 2 6\n"
                + "f 1 2\nf\nf a b c\nf 1/7/8 2 3\n");
    assertEquals(2, mesh.triangleCount());
    String findings = String.join("\n", mesh.warnings());
    assertTrue(findings.contains("vertex that doesn't exist or isn't finite (6 times)"), findings);
    assertTrue(findings.contains("fewer than 3 corners (2 times)"), findings);
    assertTrue(findings.contains("texture coordinate or normal that doesn't exist"), findings);
  }

  @Test
  void emptyMeshesAreErrorsThatNameTheFile() {
    for (String text : new String[] {"", "# nothing", QUAD, QUAD + "l 1 2", QUAD + "f 1 2 9"}) {
      MeshException e = assertThrows(MeshException.class, () -> read(text));
      assertTrue(e.getMessage().startsWith("test.obj: no triangles"), e.getMessage());
    }
  }

  @Test
  void meshesWithoutExtentCannotBeNormalised() {
    assertThrows(MeshException.class, () -> read("v 1 1 1\nf 1 1 1").normalised());
  }

  @Test
  void normalisingScalesThenCentres() throws IOException {
    Mesh mesh = read("v 10 0 0\nv 14 0 0\nv 14 2 1\nf 1 2 3").normalised();
    assertArrayEquals(new float[] {-.5f, -.25f, -.125f, .5f, .25f, .125f}, mesh.bounds(), 1e-7f);
  }

  @Test
  void materialsAreRead() throws IOException {
    put(
        "my mat.mtl",
        "newmtl red one\nKd 1 0 0\nKs 0.5 0.5 0.5\nNs 250\nd 0.25\nnewmtl half\nTr 0.5\n");
    Mesh mesh =
        read("mtllib my mat.mtl\n" + QUAD + "usemtl red one\nf 1 2 3\nusemtl half\nf 1 2 4");
    assertTrue(mesh.warnings().isEmpty(), mesh.warnings().toString());
    Material red = mesh.materials.get(mesh.materialOf[0]);
    assertEquals(new Rgb(1, 0, 0), red.base());
    assertEquals(0.25f, red.opacity());
    assertEquals(0.5f, red.roughness(), 1e-6f);
    assertEquals(0.5f, mesh.materials.get(mesh.materialOf[1]).opacity());
    assertTrue(mesh.isTransparent());
  }

  @Test
  void texturesAreFoundBehindOptionsAndReplaceTheColour() throws IOException {
    files.put("wood.png", new Image(1, 1, new float[] {0, 1, 0, 1}).encodePng());
    put(
        "a.mtl",
        "newmtl m\nKd 1 0 0\nmap_Kd wood.png\nnewmtl n\nmap_Kd -s 2 2 1 -clamp on wood.png\n");
    Mesh mesh = read("mtllib a.mtl\n" + QUAD + "usemtl m\nf 1 2 3\nusemtl n\nf 1 2 3");
    for (int t = 0; t < 2; t++) {
      Material material = mesh.materials.get(mesh.materialOf[t]);
      assertNotNull(material.texture());
      assertEquals(Rgb.WHITE, material.base());
    }
    assertTrue(mesh.warnings().isEmpty(), mesh.warnings().toString());
  }

  @Test
  void brokenTexturesAndLibrariesAreSurvivedAndReported() throws IOException {
    put("a.mtl", "Kd 1 1 1\nnewmtl m\nKd 0 0 1\nmap_Kd gone.png\nnewmtl n\nmap_Kd bad.png\nKd x\n");
    put("bad.png", "this is no picture");
    Mesh mesh =
        read(
            "mtllib a.mtl gone.mtl\n"
                + QUAD
                + "usemtl m\nf 1 2 3\nusemtl n\nf 1 2 3\nusemtl who\nf 1 2 3");
    assertEquals(3, mesh.triangleCount());
    String findings = String.join("\n", mesh.warnings());
    for (String part :
        new String[] {
          "material library not found: gone.mtl",
          "texture not found: gone.png",
          "texture not readable: bad.png",
          "material not found: who",
          "before the first newmtl",
          "colour that is no number"
        }) {
      assertTrue(findings.contains(part), part + " in " + findings);
    }
    assertNull(mesh.materials.get(mesh.materialOf[0]).texture());
    assertEquals(new Rgb(0, 0, 1), mesh.materials.get(mesh.materialOf[0]).base());
  }

  @Test
  void chromeIsMetal() throws IOException {
    put("a.mtl", "newmtl c\nKd 0 0 0\nKs 1 1 1\nNs 500\n");
    Material chrome = read("mtllib a.mtl\n" + QUAD + "usemtl c\nf 1 2 3").materials.get(1);
    assertEquals(1, chrome.metallic());
    assertEquals(Rgb.WHITE, chrome.base());
  }
}
