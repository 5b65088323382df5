package dev.azimuth.views;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * A Sweet Home 3D furniture library ({@code .sh3f}): a zip with a catalogue, {@code
 * PluginFurnitureCatalog.properties}, and OBJ models.
 *
 * <p>Sizes are counted while reading, so a zip bomb ends in an error.
 */
final class FurnitureLibrary {
  /** Human figures; Zero-1-to-3 is not meant for people. */
  static final String LEFT_OUT_CREATOR = "Reallusion";

  private static final String CATALOGUE = "PluginFurnitureCatalog.properties";
  private static final long MAX_CATALOGUE_BYTES = 1L << 24;
  private static final int MOST_FILES = 200_000;

  private FurnitureLibrary() {}

  /**
   * The catalogue's objects in its order, without {@link #LEFT_OUT_CREATOR}'s.
   *
   * @throws IOException naming the file if it is no zip, is damaged or has no catalogue
   */
  static List<MeshAsset> list(Path file) throws IOException {
    Properties catalogue = new Properties();
    try (ZipFile zip = open(file)) {
      ZipEntry entry = zip.getEntry(CATALOGUE);
      if (entry == null) {
        throw new IOException(file + ": no " + CATALOGUE + " in it; not a furniture library");
      }
      catalogue.load(new ByteArrayInputStream(read(zip, entry, MAX_CATALOGUE_BYTES, file)));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": damaged catalogue (" + e.getMessage() + ")", e);
    }
    String licence = catalogue.getProperty("license", "").strip();
    List<MeshAsset> assets = new ArrayList<>();
    for (int i = 1; catalogue.containsKey("model#" + i) || catalogue.containsKey("id#" + i); i++) {
      String model = catalogue.getProperty("model#" + i, "").strip();
      String creator = catalogue.getProperty("creator#" + i, "").strip();
      if (model.isEmpty() || creator.contains(LEFT_OUT_CREATOR)) {
        continue;
      }
      String rotation = catalogue.getProperty("modelRotation#" + i, "");
      String path = model.startsWith("/") ? model.substring(1) : model;
      String id = catalogue.getProperty("id#" + i, path);
      assets.add(
          new MeshAsset(
              MeshAsset.uidOf(id),
              catalogue.getProperty("name#" + i, id).strip(),
              creator,
              licence,
              catalogue.getProperty("category#" + i, "").strip(),
              file.getFileName() + "!/" + path,
              () -> load(file, path, rotation)));
    }
    return assets;
  }

  private static ZipFile open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IOException(file + ": no such file");
    }
    try {
      ZipFile zip = new ZipFile(file.toFile());
      if (zip.size() > MOST_FILES) {
        zip.close();
        throw new IOException(file + ": more than " + MOST_FILES + " files in it");
      }
      return zip;
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(file + ": not a readable zip (" + e.getMessage() + ")", e);
    }
  }

  private static byte[] read(ZipFile zip, ZipEntry entry, long limit, Path file)
      throws IOException {
    String name = file + "!/" + entry.getName();
    try (InputStream in = zip.getInputStream(entry)) {
      return FileBytes.read(in, limit, name);
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(name)
          ? e
          : new IOException(name + ": damaged zip entry (" + message + ")", e);
    }
  }

  /** Loads a model, turned as the catalogue says, with +Z up. */
  private static Mesh load(Path file, String path, String rotation) throws IOException {
    try (ZipFile zip = open(file)) {
      ZipEntry entry = zip.getEntry(path);
      if (entry == null) {
        throw new MeshException(file + "!/" + path + ": no such model in the library");
      }
      byte[] text = read(zip, entry, AssetFiles.MAX_BYTES, file);
      if (!path.toLowerCase(Locale.ROOT).endsWith(".obj")) {
        throw new MeshException(file + "!/" + path + ": only OBJ models are read from libraries");
      }
      Mesh mesh = ObjReader.read(text, file + "!/" + path, beside(zip, path, file));
      return mesh.rotated(parseRotation(rotation)).zUp();
    }
  }

  /** Row-major 3×3; the identity if there is none or it isn't nine numbers. */
  private static double[] parseRotation(String text) {
    double[] m = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    String[] words = text.strip().split("\\s+");
    if (words.length != 9) {
      return m;
    }
    try {
      double[] read = new double[9];
      for (int i = 0; i < 9; i++) {
        read[i] = Double.parseDouble(words[i]);
        if (!Double.isFinite(read[i]) || Math.abs(read[i]) > 1.001) {
          return m;
        }
      }
      return read;
    } catch (NumberFormatException e) {
      return m;
    }
  }

  /** Files in the folder of the model; spelling may differ in upper and lower case. */
  private static AssetFiles beside(ZipFile zip, String model, Path file) {
    String folder = model.substring(0, model.lastIndexOf('/') + 1);
    Map<String, ZipEntry> byLowerCase = new HashMap<>();
    zip.stream()
        .filter(entry -> entry.getName().startsWith(folder))
        .forEach(entry -> byLowerCase.put(entry.getName().toLowerCase(Locale.ROOT), entry));
    return reference -> {
      String clean = reference.replace('\\', '/');
      @Nullable ZipEntry found = byLowerCase.get((folder + clean).toLowerCase(Locale.ROOT));
      if (found == null) {
        String last = clean.substring(clean.lastIndexOf('/') + 1);
        found = byLowerCase.get((folder + last).toLowerCase(Locale.ROOT));
      }
      return found == null || found.isDirectory()
          ? null
          : read(zip, found, AssetFiles.MAX_BYTES, file);
    };
  }
}
