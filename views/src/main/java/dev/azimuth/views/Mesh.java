package dev.azimuth.views;

import java.util.List;

/**
 * Triangles with normals, texture coordinates and materials, flattened: triangle i has positions
 * and normals at {@code [9i, 9i + 9)}, texture coordinates at {@code [6i, 6i + 6)}.
 *
 * <p>What a reader found wrong and survived stands in {@link #warnings()}.
 */
public final class Mesh {
  /** The most triangles a mesh may have. */
  public static final int MAX_TRIANGLES = 5_000_000;

  final float[] positions;
  final float[] normals;
  final float[] texCoords;
  final int[] materialOf;
  final List<Material> materials;
  private final List<String> warnings;

  Mesh(
      float[] positions,
      float[] normals,
      float[] texCoords,
      int[] materialOf,
      List<Material> materials,
      List<String> warnings) {
    int n = materialOf.length;
    if (positions.length != 9 * n || normals.length != 9 * n || texCoords.length != 6 * n) {
      throw new IllegalArgumentException(
          "mesh: %d triangles need %d positions and normals, %d texture coordinates; got %d, %d, %d"
              .formatted(n, 9 * n, 6 * n, positions.length, normals.length, texCoords.length));
    }
    this.positions = positions;
    this.normals = normals;
    this.texCoords = texCoords;
    this.materialOf = materialOf;
    this.materials = List.copyOf(materials);
    this.warnings = List.copyOf(warnings);
  }

  /**
   * A mesh of plain grey triangles, for tests and figures.
   *
   * @param positions nine finite numbers per triangle
   */
  public static Mesh ofTriangles(float[] positions) {
    if (positions.length == 0 || positions.length % 9 != 0) {
      throw new IllegalArgumentException(
          "mesh: triangles have 9 numbers each; got " + positions.length);
    }
    int n = positions.length / 9;
    float[] normals = new float[positions.length];
    for (int t = 0; t < n; t++) {
      Normals.flat(positions, normals, t);
    }
    return new Mesh(
        positions.clone(),
        normals,
        new float[6 * n],
        new int[n],
        List.of(Material.DEFAULT),
        List.of());
  }

  public int triangleCount() {
    return materialOf.length;
  }

  /** What was wrong with the file, one finding a line. */
  public List<String> warnings() {
    return warnings;
  }

  /** Whether light may pass through some of it. */
  boolean isTransparent() {
    for (Material material : materials) {
      if (material.isTransparent()) {
        return true;
      }
    }
    return false;
  }

  /** {@code [minX, minY, minZ, maxX, maxY, maxZ]}. */
  public float[] bounds() {
    float[] b = new float[6];
    for (int c = 0; c < 3; c++) {
      b[c] = Float.POSITIVE_INFINITY;
      b[3 + c] = Float.NEGATIVE_INFINITY;
    }
    for (int i = 0; i < positions.length; i++) {
      int c = i % 3;
      b[c] = Math.min(b[c], positions[i]);
      b[3 + c] = Math.max(b[3 + c], positions[i]);
    }
    return b;
  }

  /** The mesh turned by a rotation, row-major 3×3. */
  public Mesh rotated(double[] rotation) {
    if (rotation.length != 9) {
      throw new IllegalArgumentException("mesh: a rotation has 9 numbers; got " + rotation.length);
    }
    return new Mesh(
        rotate(positions, rotation),
        rotate(normals, rotation),
        texCoords,
        materialOf,
        materials,
        warnings);
  }

  private static float[] rotate(float[] vectors, double[] m) {
    float[] out = new float[vectors.length];
    for (int i = 0; i < vectors.length; i += 3) {
      double x = vectors[i];
      double y = vectors[i + 1];
      double z = vectors[i + 2];
      out[i] = (float) (m[0] * x + m[1] * y + m[2] * z);
      out[i + 1] = (float) (m[3] * x + m[4] * y + m[5] * z);
      out[i + 2] = (float) (m[6] * x + m[7] * y + m[8] * z);
    }
    return out;
  }

  /** From files with +Y up (OBJ, glTF) to the world's +Z up: (x, y, z) to (x, −z, y). */
  Mesh zUp() {
    return rotated(new double[] {1, 0, 0, 0, 0, -1, 0, 1, 0});
  }

  /**
   * The mesh as the published data set has it: scaled by 1 / the largest side of its bounding box,
   * then centred on the origin.
   *
   * @throws MeshException if it is empty or has no extent
   */
  public Mesh normalised() throws MeshException {
    if (triangleCount() == 0) {
      throw new MeshException("the mesh has no triangles");
    }
    float[] b = bounds();
    double side = 0;
    for (int c = 0; c < 3; c++) {
      side = Math.max(side, (double) b[3 + c] - b[c]);
    }
    if (!(side > 0) || !Double.isFinite(side)) {
      throw new MeshException("the mesh has no extent, its largest side is " + side);
    }
    float[] scaled = new float[positions.length];
    for (int i = 0; i < positions.length; i++) {
      int c = i % 3;
      double middle = ((double) b[c] + b[3 + c]) / 2;
      scaled[i] = (float) ((positions[i] - middle) / side);
    }
    return new Mesh(scaled, normals, texCoords, materialOf, materials, warnings);
  }
}
