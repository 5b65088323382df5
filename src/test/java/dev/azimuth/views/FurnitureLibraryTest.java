package dev.azimuth.views;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FurnitureLibraryTest {
  @TempDir Path folder;

  static final String CATALOGUE =
      """
      license=Some licence
      id#1=Lib#Caf\\u00e9 chair
      name#1=Caf\\u00e9 chair
      category#1=Seats
      creator#1=A & B
      model#1=/lib/chair/chair.obj
      id#2=Lib#person
      name#2=Person
      creator#2=Reallusion
      model#2=/lib/person.obj
      id#3=Lib#turned
      name#3=Turned
      creator#3=C
      model#3=/lib/chair/chair.obj
      modelRotation#3=1 0 0 0 0 1 0 -1 0
      id#4=Lib#gone
      name#4=Gone
      creator#4=C
      model#4=/lib/gone.obj
      """;

  static Path write(Path file, Map<String, byte[]> entries) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    }
    return file;
  }

  static Map<String, byte[]> entries() {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put(
        "PluginFurnitureCatalog.properties", CATALOGUE.getBytes(StandardCharsets.ISO_8859_1));
    entries.put(
        "lib/chair/chair.obj",
        "mtllib Chair.MTL\nv 0 0 0\nv 1 0 0\nv 0 2 0\nusemtl m\nf 1 2 3\n"
            .getBytes(StandardCharsets.UTF_8));
    entries.put(
        "lib/chair/chair.mtl",
        "newmtl m\nmap_Kd ..\\textures\\Wood.PNG\n".getBytes(StandardCharsets.UTF_8));
    entries.put("lib/chair/wood.png", new Image(1, 1, new float[] {1, 0, 0, 1}).encodePng());
    return entries;
  }

  @Test
  void catalogueIsReadWithAttribution() throws IOException {
    Path file = write(folder.resolve("lib.sh3f"), entries());
    List<MeshAsset> assets = MeshAsset.find(List.of(file));
    assertEquals(
        List.of("lib-cafe-chair", "lib-turned", "lib-gone"),
        assets.stream().map(MeshAsset::uid).toList(),
        "people are left out");
    MeshAsset chair = assets.get(0);
    assertEquals("Café chair", chair.name());
    assertEquals("A & B", chair.creator());
    assertEquals("Some licence", chair.licence());
    assertEquals("Seats", chair.category());
    assertEquals("lib.sh3f!/lib/chair/chair.obj", chair.source());
  }

  @Test
  void modelsComeTurnedWithZUpAndTexturesInAnyCase() throws IOException {
    Path file = write(folder.resolve("lib.sh3f"), entries());
    List<MeshAsset> assets = FurnitureLibrary.list(file);
    Mesh chair = assets.get(0).loader().load();
    assertArrayEquals(new float[] {0, 0, 0, 1, 0, 0, 0, 0, 2}, chair.positions);
    assertNotNull(chair.materials.get(chair.materialOf[0]).texture());
    assertTrue(chair.warnings().isEmpty(), chair.warnings().toString());
    // (x, y, z) to (x, z, −y) and then z up: (x, y, z) again
    Mesh turned = assets.get(1).loader().load();
    assertArrayEquals(new float[] {0, 0, 0, 1, 0, 0, 0, 2, 0}, turned.positions);
    MeshException e = assertThrows(MeshException.class, () -> assets.get(2).loader().load());
    assertTrue(e.getMessage().contains("gone.obj"), e.getMessage());
  }

  @Test
  void whatIsNoLibraryIsAnError() throws IOException {
    Path text = folder.resolve("text.sh3f");
    Files.writeString(text, "no zip");
    assertThrows(IOException.class, () -> MeshAsset.find(List.of(text)));
    Path bare = write(folder.resolve("bare.sh3f"), Map.of("a", new byte[3]));
    IOException e = assertThrows(IOException.class, () -> MeshAsset.find(List.of(bare)));
    assertTrue(e.getMessage().contains("PluginFurnitureCatalog"), e.getMessage());
    assertThrows(IOException.class, () -> MeshAsset.find(List.of(folder.resolve("none.obj"))));
    Path other = folder.resolve("a.stl");
    Files.writeString(other, "solid");
    assertThrows(IOException.class, () -> MeshAsset.find(List.of(other)));
  }

  @Test
  void zipBombsEndInAnError() throws IOException {
    Map<String, byte[]> entries = entries();
    // 129 MiB of zeros shrink to an eighth of a MiB
    entries.put("lib/chair/chair.obj", new byte[(1 << 27) + (1 << 20)]);
    Path file = write(folder.resolve("bomb.sh3f"), entries);
    assertTrue(Files.size(file) < 1 << 20);
    MeshAsset chair = FurnitureLibrary.list(file).get(0);
    IOException e = assertThrows(IOException.class, () -> chair.loader().load());
    assertTrue(e.getMessage().contains("larger than"), e.getMessage());
  }

  @Test
  void foldersAreSearchedAndUidsMadeUnique() throws IOException {
    Files.createDirectories(folder.resolve("x"));
    for (String name : new String[] {"b.obj", "x/B.obj", "x/Ünï.glb"}) {
      Files.write(folder.resolve(name), GlbFile.triangle());
    }
    assertEquals(
        List.of("b", "b-2", "uni"),
        MeshAsset.find(List.of(folder)).stream().map(MeshAsset::uid).toList());
  }
}
