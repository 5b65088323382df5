package dev.azimuth.views;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * An object that can be rendered, with what is needed to attribute it.
 *
 * @param uid names its folder in a data set: lower-case letters, digits, '-' and '_'
 * @param name what people call it
 * @param creator its author; empty if unknown
 * @param licence under which it may be used; empty if unknown
 * @param category as its library sorts it; empty if unknown
 * @param source file, and path in the library
 * @param loader reads the mesh
 */
public record MeshAsset(
    String uid,
    String name,
    String creator,
    String licence,
    String category,
    String source,
    Loader loader) {

  /** Reads a mesh with +Z up. */
  @FunctionalInterface
  public interface Loader {
    /**
     * Reads the mesh.
     *
     * @throws IOException naming the file and the reason if no mesh can be had
     */
    Mesh load() throws IOException;
  }

  /**
   * Checks the uid.
   *
   * @throws IllegalArgumentException if it could not be a folder's name
   */
  public MeshAsset {
    if (!uid.matches("[a-z0-9_-]+")) {
      throw new IllegalArgumentException(
          "asset: a uid has lower-case letters, digits, '-' and '_'; got '" + uid + "'");
    }
  }

  /**
   * The objects in files and folders: {@code .obj} and {@code .glb} files are one each, a {@code
   * .sh3f} library holds many, folders are searched through. Uids are made unique.
   *
   * @throws IOException naming the file if one doesn't exist, can't be read or is of another kind
   */
  public static List<MeshAsset> find(List<Path> inputs) throws IOException {
    List<MeshAsset> found = new ArrayList<>();
    for (Path input : inputs) {
      if (Files.isDirectory(input)) {
        try (Stream<Path> files = Files.walk(input)) {
          for (Path file : files.filter(MeshAsset::isKnown).sorted().toList()) {
            found.addAll(read(file));
          }
        }
      } else if (!Files.exists(input)) {
        throw new IOException(input + ": no such file");
      } else if (!isKnown(input)) {
        throw new IOException(input + ": not an .obj, .glb or .sh3f file");
      } else {
        found.addAll(read(input));
      }
    }
    return withUniqueUids(found);
  }

  private static boolean isKnown(Path file) {
    String name = lowerName(file);
    return Files.isRegularFile(file)
        && (name.endsWith(".obj") || name.endsWith(".glb") || name.endsWith(".sh3f"));
  }

  private static String lowerName(Path file) {
    return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
  }

  private static List<MeshAsset> read(Path file) throws IOException {
    if (lowerName(file).endsWith(".sh3f")) {
      return FurnitureLibrary.list(file);
    }
    String name = String.valueOf(file.getFileName());
    String stem = name.substring(0, name.lastIndexOf('.'));
    return List.of(
        new MeshAsset(uidOf(stem), stem, "", "", "", file.toString(), () -> loadMesh(file)));
  }

  /**
   * Reads one {@code .obj} or {@code .glb} file; both have +Y up, the result +Z.
   *
   * @throws IOException naming the file and the reason
   */
  public static Mesh loadMesh(Path file) throws IOException {
    String name = lowerName(file);
    if (name.endsWith(".glb")) {
      return GlbReader.read(FileBytes.read(file, GlbReader.MAX_BYTES), file.toString()).zUp();
    }
    if (name.endsWith(".obj")) {
      byte[] text = FileBytes.read(file, AssetFiles.MAX_BYTES);
      return ObjReader.read(text, file.toString(), AssetFiles.beside(file)).zUp();
    }
    throw new IOException(file + ": not an .obj or .glb file");
  }

  /** A name as a uid: accents dropped, other characters as '-'. */
  static String uidOf(String name) {
    String plain =
        Normalizer.normalize(name, Normalizer.Form.NFD)
            .toLowerCase(Locale.ROOT)
            .replaceAll("\\p{M}+", "")
            .replaceAll("[^a-z0-9_]+", "-")
            .replaceAll("^-+|-+$", "");
    if (plain.length() > 100) {
      plain = plain.substring(0, 100);
    }
    return plain.isEmpty() ? "object" : plain;
  }

  private static List<MeshAsset> withUniqueUids(List<MeshAsset> assets) {
    Set<String> seen = new HashSet<>();
    List<MeshAsset> unique = new ArrayList<>();
    for (MeshAsset a : assets) {
      String uid = a.uid;
      for (int i = 2; !seen.add(uid); i++) {
        uid = a.uid + "-" + i;
      }
      unique.add(new MeshAsset(uid, a.name, a.creator, a.licence, a.category, a.source, a.loader));
    }
    return unique;
  }
}
