package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GlbReaderTest {
  @TempDir Path folder;

  private static final float[] SQUARE = {0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0};

  private static String scene(String primitive, String node) {
    return """
    "scenes":[{"nodes":[0]}],"nodes":[{"mesh":0%s}],"meshes":[{"primitives":[{%s}]}]
    """
        .formatted(node, primitive);
  }

  @Test
  void transformsMaterialAndTextureAreRead() throws IOException {
    Mesh mesh = GlbReader.read(GlbFile.triangle(), "a.glb");
    assertArrayEquals(new float[] {10, 0, 0, 12, 0, 0, 10, 2, 0}, mesh.positions);
    assertArrayEquals(new float[] {0, 0, 1, 0, 0, 1, 0, 0, 1}, mesh.normals, "flat");
    assertArrayEquals(new float[] {0, 1, 1, 1, 0, 0}, mesh.texCoords, "rows count from below");
    Material m = mesh.materials.get(mesh.materialOf[0]);
    assertEquals(new Rgb(0.5f, 1, 1), m.base());
    assertEquals(0.5f, m.opacity());
    assertEquals(0.25f, m.metallic());
    assertEquals(0.75f, m.roughness());
    Texture texture = m.texture();
    assertNotNull(texture);
    float[] out = new float[4];
    texture.sample(0.5f, 0.75f, out);
    assertArrayEquals(new float[] {1, 0, 0, 1}, out, 1e-6f, "the picture's top row is above");
    assertTrue(mesh.warnings().isEmpty(), mesh.warnings().toString());
  }

  @Test
  void filesBecomeZUp() throws IOException {
    Path file = folder.resolve("a.GLB");
    Files.write(file, GlbFile.triangle());
    Mesh mesh = MeshAsset.loadMesh(file);
    assertArrayEquals(new float[] {10, 0, 0, 12, 0, 0, 10, 0, 2}, mesh.positions);
    assertArrayEquals(new float[] {0, -1, 0}, Arrays.copyOf(mesh.normals, 3), "front is −y");
  }

  @Test
  void stripsFansAndUnindexedTriangles() throws IOException {
    GlbFile strip = new GlbFile();
    int p = strip.floats("VEC3", 3, SQUARE);
    byte[] bytes =
        strip.build(scene("\"attributes\":{\"POSITION\":%d},\"mode\":5".formatted(p), ""));
    assertEquals(2, GlbReader.read(bytes, "strip").triangleCount());
    bytes = strip.build(scene("\"attributes\":{\"POSITION\":%d},\"mode\":6".formatted(p), ""));
    assertEquals(2, GlbReader.read(bytes, "fan").triangleCount());
    bytes = strip.build(scene("\"attributes\":{\"POSITION\":%d}".formatted(p), ""));
    assertEquals(1, GlbReader.read(bytes, "list").triangleCount());
  }

  @Test
  void normalsTurnWithTheInverseTranspose() throws IOException {
    GlbFile file = new GlbFile();
    int p = file.floats("VEC3", 3, 0, 0, 0, 1, -1, 0, 0, 0, 1);
    float s = (float) Math.sqrt(0.5);
    int n = file.floats("VEC3", 3, s, s, 0, s, s, 0, s, s, 0);
    byte[] bytes =
        file.build(
            scene(
                "\"attributes\":{\"POSITION\":%d,\"NORMAL\":%d}".formatted(p, n),
                ",\"scale\":[2,1,1]"));
    float[] normals = GlbReader.read(bytes, "a").normals;
    float l = (float) Math.hypot(0.5, 1);
    assertArrayEquals(new float[] {0.5f / l, 1 / l, 0}, Arrays.copyOf(normals, 3), 1e-6f);
  }

  @Test
  void indicesOutOfRangeAndInfinitiesAreReported() throws IOException {
    GlbFile file = new GlbFile();
    int p = file.floats("VEC3", 3, 0, 0, 0, 1, 0, 0, 1, 1, 0, Float.NaN, 1, 0);
    int order = file.indices(0, 1, 2, 0, 1, 9, 0, 1, 3);
    byte[] bytes =
        file.build(
            scene("\"attributes\":{\"POSITION\":%d},\"indices\":%d".formatted(p, order), ""));
    Mesh mesh = GlbReader.read(bytes, "a");
    assertEquals(1, mesh.triangleCount());
    assertEquals(2, mesh.warnings().size(), mesh.warnings().toString());
  }

  @Test
  void circlesOfNodesAndUnknownExtensionsEnd() {
    GlbFile file = new GlbFile();
    file.floats("VEC3", 3, SQUARE);
    byte[] circle =
        file.build(
            "\"scenes\":[{\"nodes\":[0]}],\"nodes\":[{\"children\":[1]},{\"children\":[0,0]}]");
    assertThrows(MeshException.class, () -> GlbReader.read(circle, "circle.glb"));
    byte[] draco =
        file.build(
            "\"extensionsRequired\":[\"KHR_draco_mesh_compression\"],"
                + scene("\"attributes\":{\"POSITION\":0}", ""));
    MeshException e = assertThrows(MeshException.class, () -> GlbReader.read(draco, "d.glb"));
    assertTrue(e.getMessage().contains("KHR_draco_mesh_compression"), e.getMessage());
  }

  @Test
  void hugeAccessorsAreRefusedBeforeTheyAreAllocated() {
    byte[] bytes = new GlbFile().build("\"meshes\":[]");
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    byte[] huge =
        text.replace("\"accessors\":[]", "\"accessors\":[{\"count\":2000000000,\"type\":\"VEC3\"}]")
            .getBytes(StandardCharsets.ISO_8859_1);
    int grown = huge.length - bytes.length;
    ByteBuffer buffer = ByteBuffer.wrap(huge).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(8, huge.length).putInt(12, buffer.getInt(12) + grown);
    MeshException e = assertThrows(MeshException.class, () -> GlbReader.read(huge, "huge.glb"));
    assertTrue(e.getMessage().contains("more numbers"), e.getMessage());
  }

  @Test
  void opaqueMaterialsIgnoreAlpha() throws IOException {
    byte[] blend = GlbFile.triangle();
    String text = new String(blend, StandardCharsets.ISO_8859_1);
    byte[] opaque =
        text.replace("\"BLEND\"", "\"OPAQUE\"")
            .replace("\"m\",", "\"\",")
            .getBytes(StandardCharsets.ISO_8859_1);
    assertEquals(blend.length, opaque.length);
    assertTrue(GlbReader.read(blend, "b").isTransparent());
    Mesh mesh = GlbReader.read(opaque, "o");
    assertTrue(!mesh.isTransparent());
  }
}
