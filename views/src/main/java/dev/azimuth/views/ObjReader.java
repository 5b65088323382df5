package dev.azimuth.views;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads Wavefront OBJ: vertices, texture coordinates, normals, faces of any number of corners (also
 * concave, also counted from the end), smoothing groups and materials. Lines and points are left
 * out. Whatever is broken but can be survived becomes a warning of the mesh.
 */
final class ObjReader {
  private final String name;
  private final AssetFiles files;
  private final Warnings warnings = new Warnings();
  private final MtlReader mtl;

  private final FloatList positions = new FloatList();
  private final FloatList texCoords = new FloatList();
  private final FloatList normals = new FloatList();

  // per corner of each triangle: position, texture coordinate and normal, −1 for none
  private final IntList corners = new IntList();
  private final IntList groups = new IntList();
  private final IntList materialOf = new IntList();

  private final Map<String, Integer> materialNumbers = new HashMap<>();
  private final List<String> materialNames = new ArrayList<>();
  private int material;
  private int group;

  private final int[] slots = new int[3];
  private int[] face = new int[3 * 16];
  private double[] facePoints = new double[3 * 16];

  private ObjReader(String name, AssetFiles files) {
    this.name = name;
    this.files = files;
    this.mtl = new MtlReader(files, warnings);
  }

  /**
   * Reads a mesh in the file's own axes.
   *
   * @throws MeshException naming the file if no triangle is left or there are too many
   */
  static Mesh read(byte[] text, String name, AssetFiles files) throws IOException {
    ObjReader reader = new ObjReader(name, files);
    reader.material = reader.numberOf("");
    reader.readLines(text);
    return reader.finish();
  }

  private void readLines(byte[] text) throws IOException {
    TextScanner in = new TextScanner(text);
    while (!in.atEnd()) {
      String key = in.word();
      switch (key) {
        case "v" -> readNumbers(in, positions, 3);
        case "vt" -> readNumbers(in, texCoords, 2);
        case "vn" -> readNumbers(in, normals, 3);
        case "f", "fo" -> readFace(in);
        case "usemtl" -> material = numberOf(in.rest());
        case "mtllib" -> readLibraries(in.rest());
        case "s" -> group = smoothingGroup(in.word());
        default -> {
          // comments, object and group names, lines, points, curves
        }
      }
      in.nextLine();
    }
  }

  private void readNumbers(TextScanner in, FloatList to, int count) {
    for (int i = 0; i < count; i++) {
      float value = (float) in.number();
      if (i == 1 && count == 2 && Float.isNaN(value)) {
        value = 0; // a texture on a line has one coordinate
      }
      to.add(value);
    }
  }

  private static int smoothingGroup(String word) {
    try {
      return word.equals("on") ? 1 : Integer.parseInt(word);
    } catch (NumberFormatException e) {
      return 0; // "off"
    }
  }

  private int numberOf(String materialName) {
    return materialNumbers.computeIfAbsent(
        materialName,
        unseen -> {
          materialNames.add(unseen);
          return materialNames.size() - 1;
        });
  }

  private void readLibraries(String reference) throws IOException {
    byte[] whole = files.find(reference);
    if (whole != null) {
      mtl.read(whole);
      return;
    }
    for (String part : reference.split("\\s+")) {
      byte[] text = files.find(part);
      if (text == null) {
        warnings.add("material library not found: " + part);
      } else {
        mtl.read(text);
      }
    }
  }

  private void readFace(TextScanner in) throws MeshException {
    int n = 0;
    boolean broken = false;
    while (in.hasWord()) {
      in.corner(slots);
      if (3 * n == face.length) {
        face = Arrays.copyOf(face, face.length * 2);
        facePoints = Arrays.copyOf(facePoints, face.length);
      }
      int v = resolve(slots[0], positions.size() / 3);
      int vt = resolve(slots[1], texCoords.size() / 2);
      int vn = resolve(slots[2], normals.size() / 3);
      broken |= v < 0;
      if ((slots[1] != 0 && vt < 0) || (slots[2] != 0 && vn < 0)) {
        warnings.add("corner that refers to a texture coordinate or normal that doesn't exist");
      }
      face[3 * n] = v;
      face[3 * n + 1] = vt;
      face[3 * n + 2] = vn;
      for (int c = 0; c < 3 && v >= 0; c++) {
        double p = positions.get(3 * v + c);
        facePoints[3 * n + c] = p;
        broken |= !Double.isFinite(p);
      }
      n++;
    }
    if (broken) {
      warnings.add("face left out: it refers to a vertex that doesn't exist or isn't finite");
    } else if (n < 3) {
      warnings.add("face left out: fewer than 3 corners");
    } else {
      addFace(n);
    }
  }

  private void addFace(int n) throws MeshException {
    if (materialOf.size() + n - 2 > Mesh.MAX_TRIANGLES) {
      throw new MeshException(
          "%s: more than the %d triangles that are read".formatted(name, Mesh.MAX_TRIANGLES));
    }
    int[] triangles = Polygon.triangulate(facePoints, n);
    for (int i = 0; i < triangles.length; i += 3) {
      for (int k = 0; k < 3; k++) {
        for (int slot = 0; slot < 3; slot++) {
          corners.add(face[3 * triangles[i + k] + slot]);
        }
      }
      groups.add(group);
      materialOf.add(material);
    }
  }

  /** From 1, or from the end backwards, to 0-based; −1 if there is none. */
  private static int resolve(int index, int count) {
    if (index > 0 && index <= count) {
      return index - 1;
    }
    return index < 0 && index >= -count ? count + index : -1;
  }

  private Mesh finish() throws MeshException {
    int n = materialOf.size();
    if (n == 0) {
      throw new MeshException(name + ": no triangles" + warnings.inBrackets());
    }
    float[] p = new float[9 * n];
    float[] normal = new float[9 * n];
    float[] uv = new float[6 * n];
    int[] vertexOf = new int[3 * n];
    int[] smoothing = new int[n];
    boolean[] missing = new boolean[n];
    for (int t = 0; t < n; t++) {
      smoothing[t] = groups.get(t);
      for (int k = 0; k < 3; k++) {
        int at = 3 * t + k;
        vertexOf[at] = corners.get(3 * at);
        int vt = corners.get(3 * at + 1);
        int vn = corners.get(3 * at + 2);
        for (int c = 0; c < 3; c++) {
          p[3 * at + c] = positions.get(3 * vertexOf[at] + c);
        }
        for (int c = 0; c < 2 && vt >= 0; c++) {
          float value = texCoords.get(2 * vt + c);
          uv[2 * at + c] = Float.isFinite(value) ? value : 0;
        }
        missing[t] |= vn < 0 || !copyNormal(vn, normal, 3 * at);
      }
    }
    Normals.smooth(p, normal, vertexOf, positions.size() / 3, smoothing, missing);
    List<Material> materials = materials(); // may add warnings
    return new Mesh(p, normal, uv, materialOf.toArray(), materials, warnings.toList());
  }

  private boolean copyNormal(int vn, float[] out, int at) {
    double x = normals.get(3 * vn);
    double y = normals.get(3 * vn + 1);
    double z = normals.get(3 * vn + 2);
    double length = Math.sqrt(x * x + y * y + z * z);
    if (!(length > 0) || !Double.isFinite(length)) {
      return false;
    }
    out[at] = (float) (x / length);
    out[at + 1] = (float) (y / length);
    out[at + 2] = (float) (z / length);
    return true;
  }

  private List<Material> materials() {
    List<Material> list = new ArrayList<>();
    for (String materialName : materialNames) {
      Material known = mtl.materials().get(materialName);
      if (known == null && !materialName.isEmpty()) {
        warnings.add("material not found: " + materialName);
      }
      list.add(known == null ? Material.DEFAULT : known);
    }
    return list;
  }
}
