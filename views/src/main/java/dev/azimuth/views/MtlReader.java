package dev.azimuth.views;

import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads OBJ's material files: Kd, Ks, Ns, Ke, d or Tr, illum, map_Kd, map_d.
 *
 * <p>Colours are taken as sRGB, the way programs of the format's time put them on the screen. As
 * Blender's importer does, a texture replaces Kd, Ns becomes a roughness {@code 1 − √(Ns/1000)} and
 * Ks a dielectric's reflectance {@code 0.08·Ks}. Chrome is written there as black Kd with bright
 * Ks; so what Ks exceeds 2·Kd makes the surface metallic, else it would come out black.
 */
final class MtlReader {
  private static final float DIELECTRIC = 0.08f;

  private final AssetFiles files;
  private final Warnings warnings;
  private final Map<String, @Nullable Texture> textures = new HashMap<>();
  private final Map<String, Material> materials = new HashMap<>();

  private @Nullable Draft draft;

  /** A material whose lines are being read. */
  private static final class Draft {
    private final String name;
    private double[] kd = {0.8, 0.8, 0.8};
    private double[] ks = {0, 0, 0};
    private double[] ke = {0, 0, 0};
    private double ns = 10;
    private double opacity = 1;
    private @Nullable Texture texture;
    private @Nullable Texture mask;

    private Draft(String name) {
      this.name = name;
    }

    private Material finish() {
      Rgb diffuse = Rgb.ofSrgb(kd[0], kd[1], kd[2]);
      Rgb gloss = Rgb.ofSrgb(ks[0], ks[1], ks[2]);
      float metal = texture == null ? Math.clamp(gloss.max() - 2 * diffuse.max(), 0f, 1f) : 0;
      float keep = 1 - metal;
      Rgb base =
          texture != null
              ? Rgb.WHITE
              : new Rgb(
                  diffuse.r() * keep + gloss.r() * metal,
                  diffuse.g() * keep + gloss.g() * metal,
                  diffuse.b() * keep + gloss.b() * metal);
      Rgb specular =
          new Rgb(DIELECTRIC * gloss.r(), DIELECTRIC * gloss.g(), DIELECTRIC * gloss.b());
      double rough = 1 - Math.sqrt(Math.clamp(ns, 0, 1000) / 1000);
      return new Material(
          name,
          base,
          specular,
          (float) rough,
          metal,
          (float) Math.clamp(opacity, 0, 1),
          Rgb.ofSrgb(ke[0], ke[1], ke[2]),
          texture,
          mask,
          -1);
    }
  }

  MtlReader(AssetFiles files, Warnings warnings) {
    this.files = files;
    this.warnings = warnings;
  }

  /** The materials read so far, by name. */
  Map<String, Material> materials() {
    return materials;
  }

  void read(byte[] text) throws IOException {
    TextScanner in = new TextScanner(text);
    while (!in.atEnd()) {
      String key = in.word();
      if (!key.isEmpty() && !key.startsWith("#")) {
        readLine(in, key);
      }
      in.nextLine();
    }
    finishDraft();
  }

  private void readLine(TextScanner in, String key) throws IOException {
    if (key.equals("newmtl")) {
      finishDraft();
      draft = new Draft(in.rest());
      return;
    }
    Draft d = draft;
    if (d == null) {
      warnings.add("material line before the first newmtl");
      return;
    }
    switch (key.toLowerCase(Locale.ROOT)) {
      case "kd" -> d.kd = colour(in, d.kd);
      case "ks" -> d.ks = colour(in, d.ks);
      case "ke" -> d.ke = colour(in, d.ke);
      case "ns" -> d.ns = finite(in.number(), d.ns);
      case "d" -> d.opacity = opacity(in, d.opacity);
      case "tr" -> d.opacity = 1 - finite(in.number(), 1 - d.opacity);
      case "map_kd" -> d.texture = texture(in);
      case "map_d" -> d.mask = texture(in);
      default -> {
        // Ka, Ni, illum, bump and reflection maps have no part in this shading
      }
    }
  }

  private void finishDraft() {
    if (draft != null) {
      materials.put(draft.name, draft.finish());
      draft = null;
    }
  }

  private double opacity(TextScanner in, double otherwise) {
    double value = in.number();
    // "d -halo 0.5"
    return finite(Double.isNaN(value) ? in.number() : value, otherwise);
  }

  private double[] colour(TextScanner in, double[] otherwise) {
    double r = in.number();
    if (!Double.isFinite(r)) {
      warnings.add("material colour that is no number");
      return otherwise;
    }
    // one number stands for all three
    return new double[] {r, finite(in.number(), r), finite(in.number(), r)};
  }

  private double finite(double value, double otherwise) {
    return Double.isFinite(value) ? value : otherwise;
  }

  private @Nullable Texture texture(TextScanner in) throws IOException {
    String reference = in.rest();
    if (!textures.containsKey(reference)) {
      textures.put(reference, load(reference));
    }
    return textures.get(reference);
  }

  private @Nullable Texture load(String reference) throws IOException {
    byte[] bytes = files.find(reference);
    String name = reference;
    if (bytes == null && reference.startsWith("-")) {
      name = withoutOptions(reference);
      bytes = files.find(name);
    }
    if (bytes == null) {
      warnings.add("texture not found: " + reference);
      return null;
    }
    try {
      return Texture.of(Image.decode(bytes, name));
    } catch (IOException e) {
      warnings.add("texture not readable: " + e.getMessage());
      return null;
    }
  }

  /** Leaves out options such as {@code -s 1 1 1} or {@code -clamp on} before the file name. */
  private static String withoutOptions(String reference) {
    String[] words = reference.split("\\s+");
    int i = 0;
    while (i < words.length - 1 && words[i].startsWith("-")) {
      boolean vector = words[i].equals("-s") || words[i].equals("-o") || words[i].equals("-t");
      boolean pair = words[i].equals("-mm");
      i++;
      int most = vector ? 3 : pair ? 2 : 1;
      for (int k = 0; k < most && i < words.length - 1 && (k == 0 || isNumber(words[i])); k++) {
        i++;
      }
    }
    return String.join(" ", Arrays.copyOfRange(words, i, words.length));
  }

  private static boolean isNumber(String word) {
    return word.matches("[-+]?[0-9]*\\.?[0-9]+([eE][-+]?[0-9]+)?");
  }
}
