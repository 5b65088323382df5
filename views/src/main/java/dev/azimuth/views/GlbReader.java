package dev.azimuth.views;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import de.javagl.jgltf.model.AccessorByteData;
import de.javagl.jgltf.model.AccessorData;
import de.javagl.jgltf.model.AccessorFloatData;
import de.javagl.jgltf.model.AccessorIntData;
import de.javagl.jgltf.model.AccessorModel;
import de.javagl.jgltf.model.AccessorShortData;
import de.javagl.jgltf.model.GltfModel;
import de.javagl.jgltf.model.MaterialModel;
import de.javagl.jgltf.model.MeshModel;
import de.javagl.jgltf.model.MeshPrimitiveModel;
import de.javagl.jgltf.model.NodeModel;
import de.javagl.jgltf.model.TextureModel;
import de.javagl.jgltf.model.io.GltfModelReader;
import de.javagl.jgltf.model.v2.MaterialModelV2;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads binary glTF 2.0 ({@code .glb}): triangles, strips and fans of the default scene with their
 * nodes' transforms, normals (flat where missing), base colour, metal and roughness factors, the
 * base colour texture and the alpha mode. Skins, morph targets and animations stay in their rest
 * pose.
 */
final class GlbReader {
  static final long MAX_BYTES = 1L << 28;

  private static final int MAGIC = 0x46546C67;
  private static final int JSON_CHUNK = 0x4E4F534A;
  private static final long MOST_ACCESSOR_NUMBERS = 1L << 26;
  private static final int MOST_NODES = 100_000;
  private static final int DEEPEST_NODE = 256;

  private static final int TRIANGLES = 4;
  private static final int STRIP = 5;
  private static final int FAN = 6;

  private final String name;
  private final Warnings warnings = new Warnings();
  private final FloatList positions = new FloatList();
  private final FloatList normals = new FloatList();
  private final FloatList texCoords = new FloatList();
  private final IntList materialOf = new IntList();
  private final List<Material> materials = new ArrayList<>();
  private final Map<MaterialModel, Integer> materialNumbers = new HashMap<>();
  private final Map<TextureModel, @Nullable Texture> textures = new HashMap<>();
  private int nodesVisited;

  private GlbReader(String name) {
    this.name = name;
    materials.add(Material.DEFAULT);
  }

  /**
   * Reads a mesh in the file's own axes, +Y up.
   *
   * @throws MeshException naming the file if it is damaged, needs an unknown extension or has no
   *     triangle
   */
  static Mesh read(byte[] bytes, String name) throws MeshException {
    GlbReader reader = new GlbReader(name);
    JsonNode json = reader.checkFrame(bytes);
    reader.checkSizes(json);
    try {
      GltfModel model =
          new GltfModelReader().readWithoutReferences(new ByteArrayInputStream(bytes));
      for (NodeModel node : reader.roots(model, json)) {
        reader.addNode(node, identity(), 0);
      }
    } catch (MeshException e) {
      throw e;
    } catch (IOException | RuntimeException | StackOverflowError e) {
      // the model library answers some damaged files with unchecked exceptions
      throw new MeshException(name + ": damaged glTF (" + e + ")", e);
    }
    return reader.finish();
  }

  /** The header, the chunks' lengths, the JSON text. */
  private JsonNode checkFrame(byte[] bytes) throws MeshException {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < 20 || in.getInt(0) != MAGIC) {
      throw new MeshException(name + ": not a binary glTF file");
    }
    if (in.getInt(4) != 2) {
      throw new MeshException(name + ": binary glTF of version " + in.getInt(4) + ", 2 is read");
    }
    long length = in.getInt(8) & 0xffffffffL;
    long jsonLength = in.getInt(12) & 0xffffffffL;
    if (length > bytes.length || jsonLength > bytes.length - 20L) {
      throw new MeshException(
          "%s: truncated, %d bytes of %d are there"
              .formatted(name, bytes.length, Math.max(length, jsonLength + 20)));
    }
    if (in.getInt(16) != JSON_CHUNK) {
      throw new MeshException(name + ": damaged glTF, its first chunk isn't JSON");
    }
    try {
      return new ObjectMapper().readTree(bytes, 20, (int) jsonLength);
    } catch (IOException e) {
      throw new MeshException(name + ": damaged glTF, its JSON can't be read", e);
    }
  }

  /** Refuses what would fill the memory before the model library allocates it. */
  private void checkSizes(JsonNode json) throws MeshException {
    long numbers = 0;
    for (JsonNode accessor : json.path("accessors")) {
      long count = accessor.path("count").asLong(0);
      long sparse = accessor.path("sparse").path("count").asLong(0);
      if (count < 0 || sparse < 0) {
        throw new MeshException(name + ": damaged glTF, an accessor's count is negative");
      }
      numbers += 16 * (Math.min(count, MOST_ACCESSOR_NUMBERS) / 4 + sparse / 4);
      if (count > MOST_ACCESSOR_NUMBERS || numbers > MOST_ACCESSOR_NUMBERS * 4) {
        throw new MeshException(name + ": its accessors hold more numbers than are read");
      }
    }
    for (JsonNode buffer : json.path("buffers")) {
      if (buffer.path("byteLength").asLong(0) > MAX_BYTES) {
        throw new MeshException(name + ": a buffer is larger than " + MAX_BYTES + " bytes");
      }
      String uri = buffer.path("uri").asText("");
      if (!uri.isEmpty() && !uri.startsWith("data:")) {
        throw new MeshException(name + ": refers to another file, " + uri + "; pack it into one");
      }
    }
    for (JsonNode extension : json.path("extensionsRequired")) {
      throw new MeshException(
          name + ": requires the glTF extension " + extension.asText() + ", which isn't read");
    }
    for (JsonNode extension : json.path("extensionsUsed")) {
      String used = extension.asText();
      if (used.equals("KHR_texture_transform")
          || used.equals("KHR_materials_pbrSpecularGlossiness")) {
        warnings.add("glTF extension left out: " + used);
      }
    }
  }

  private List<NodeModel> roots(GltfModel model, JsonNode json) {
    int scene = json.path("scene").asInt(0);
    if (scene >= 0 && scene < model.getSceneModels().size()) {
      return model.getSceneModels().get(scene).getNodeModels();
    }
    return model.getNodeModels().stream().filter(node -> node.getParent() == null).toList();
  }

  private static float[] identity() {
    return new float[] {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
  }

  private void addNode(NodeModel node, float[] parent, int depth) throws MeshException {
    if (depth > DEEPEST_NODE || ++nodesVisited > MOST_NODES) {
      throw new MeshException(name + ": its nodes go in circles or are too many");
    }
    float[] world = times(parent, node.computeLocalTransform(null));
    if (node.getSkinModel() != null && !node.getMeshModels().isEmpty()) {
      warnings.add("skinned mesh shown in its rest pose");
    }
    for (MeshModel mesh : node.getMeshModels()) {
      for (MeshPrimitiveModel primitive : mesh.getMeshPrimitiveModels()) {
        addPrimitive(primitive, world);
      }
    }
    for (NodeModel child : node.getChildren()) {
      addNode(child, world, depth + 1);
    }
  }

  /** Column-major 4×4, as glTF has them. */
  private static float[] times(float[] a, float[] b) {
    float[] out = new float[16];
    for (int col = 0; col < 4; col++) {
      for (int row = 0; row < 4; row++) {
        double sum = 0;
        for (int k = 0; k < 4; k++) {
          sum += (double) a[4 * k + row] * b[4 * col + k];
        }
        out[4 * col + row] = (float) sum;
      }
    }
    return out;
  }

  private void addPrimitive(MeshPrimitiveModel primitive, float[] world) throws MeshException {
    int mode = primitive.getMode();
    AccessorModel position = primitive.getAttributes().get("POSITION");
    if (mode < TRIANGLES || mode > FAN || position == null) {
      warnings.add("points or lines, or a part without positions, left out");
      return;
    }
    if (primitive.getAttributes().containsKey("COLOR_0")) {
      warnings.add("colours of vertices left out");
    }
    int count = position.getCount();
    AccessorModel normal = ofLength(primitive.getAttributes().get("NORMAL"), count);
    MaterialModel material = primitive.getMaterialModel();
    int set = material instanceof MaterialModelV2 m ? texCoordSet(m) : 0;
    AccessorModel uv = ofLength(primitive.getAttributes().get("TEXCOORD_" + set), count);
    int number = materialNumber(material);
    int[] order = order(primitive, count);
    int triangles = mode == TRIANGLES ? order.length / 3 : Math.max(0, order.length - 2);
    if (materialOf.size() + (long) triangles > Mesh.MAX_TRIANGLES) {
      throw new MeshException(
          name + ": more than the " + Mesh.MAX_TRIANGLES + " triangles that are read");
    }
    Corners corners = new Corners(position, normal, uv, world);
    for (int t = 0; t < triangles; t++) {
      int a = mode == TRIANGLES ? 3 * t : mode == STRIP ? t : 0;
      int b = mode == TRIANGLES ? a + 1 : t + 1;
      int c = b + 1;
      addTriangle(corners, order[a], order[b], order[c], count, number);
    }
  }

  private @Nullable AccessorModel ofLength(@Nullable AccessorModel accessor, int count) {
    if (accessor != null && accessor.getCount() < count) {
      warnings.add("normals or texture coordinates left out: fewer than positions");
      return null;
    }
    return accessor;
  }

  private static int texCoordSet(MaterialModelV2 material) {
    Integer set = material.getBaseColorTexcoord();
    return set == null ? 0 : set;
  }

  private static int[] order(MeshPrimitiveModel primitive, int count) {
    AccessorModel indices = primitive.getIndices();
    int[] order = new int[indices == null ? count : indices.getCount()];
    AccessorData data = indices == null ? null : indices.getAccessorData();
    for (int i = 0; i < order.length; i++) {
      order[i] = data == null ? i : (int) number(data, i, 0, false);
    }
    return order;
  }

  /** One number of an accessor. Normalised integers become [0, 1] or [−1, 1]. */
  private static double number(AccessorData data, int element, int component, boolean normalised) {
    return switch (data) {
      case AccessorFloatData f -> f.get(element, component);
      case AccessorIntData i ->
          i.isUnsigned() ? i.getLong(element, component) : i.get(element, component);
      case AccessorShortData s -> {
        double scale = s.isUnsigned() ? 65535 : 32767;
        yield s.getInt(element, component) / (normalised ? scale : 1);
      }
      case AccessorByteData b -> {
        double scale = b.isUnsigned() ? 255 : 127;
        yield b.getInt(element, component) / (normalised ? scale : 1);
      }
      default -> throw new IllegalArgumentException("accessor of an unknown type");
    };
  }

  /** The vertices of a primitive, taken to the world. */
  private static final class Corners {
    private final AccessorModel position;
    private final @Nullable AccessorModel normal;
    private final @Nullable AccessorModel uv;
    private final float[] world;
    private final double[] cofactors = new double[9];

    Corners(
        AccessorModel position,
        @Nullable AccessorModel normal,
        @Nullable AccessorModel uv,
        float[] m) {
      this.position = position;
      this.normal = normal;
      this.uv = uv;
      this.world = m;
      // normals turn with the inverse transpose, up to scale the matrix of cofactors
      for (int r = 0; r < 3; r++) {
        for (int c = 0; c < 3; c++) {
          int r1 = (r + 1) % 3;
          int r2 = (r + 2) % 3;
          int c1 = (c + 1) % 3;
          int c2 = (c + 2) % 3;
          cofactors[3 * r + c] =
              (double) m[4 * c1 + r1] * m[4 * c2 + r2] - (double) m[4 * c2 + r1] * m[4 * c1 + r2];
        }
      }
    }

    private static double[] read(AccessorModel accessor, int i, int n) {
      AccessorData data = accessor.getAccessorData();
      double[] out = new double[n];
      for (int c = 0; c < n; c++) {
        out[c] = number(data, i, c, accessor.isNormalized());
      }
      return out;
    }

    void position(int i, float[] out, int at) {
      double[] p = read(position, i, 3);
      for (int r = 0; r < 3; r++) {
        out[at + r] =
            (float) (world[r] * p[0] + world[4 + r] * p[1] + world[8 + r] * p[2] + world[12 + r]);
      }
    }

    /** Whether there is a usable normal; writes it. */
    boolean normal(int i, float[] out, int at) {
      if (normal == null) {
        return false;
      }
      double[] n = read(normal, i, 3);
      double[] turned = new double[3];
      for (int r = 0; r < 3; r++) {
        turned[r] =
            cofactors[3 * r] * n[0] + cofactors[3 * r + 1] * n[1] + cofactors[3 * r + 2] * n[2];
      }
      double length =
          Math.sqrt(turned[0] * turned[0] + turned[1] * turned[1] + turned[2] * turned[2]);
      for (int r = 0; r < 3; r++) {
        out[at + r] = (float) (turned[r] / length);
      }
      return length > 0 && Double.isFinite(length);
    }

    /** glTF counts texture rows from the top. */
    void texCoord(int i, FloatList out) {
      double[] t = uv == null ? new double[2] : read(uv, i, 2);
      out.add(Double.isFinite(t[0]) ? (float) t[0] : 0);
      out.add(Double.isFinite(t[1]) ? (float) (1 - t[1]) : 0);
    }
  }

  private void addTriangle(Corners corners, int a, int b, int c, int count, int material) {
    float[] p = new float[9];
    float[] n = new float[9];
    int[] vertices = {a, b, c};
    boolean hasNormals = true;
    for (int k = 0; k < 3; k++) {
      if (vertices[k] < 0 || vertices[k] >= count) {
        warnings.add("triangle left out: it refers to a vertex that doesn't exist");
        return;
      }
      corners.position(vertices[k], p, 3 * k);
      hasNormals &= corners.normal(vertices[k], n, 3 * k);
    }
    for (float value : p) {
      if (!Float.isFinite(value)) {
        warnings.add("triangle left out: a vertex isn't finite");
        return;
      }
    }
    if (!hasNormals) {
      Normals.flat(p, n, 0);
    }
    for (int i = 0; i < 9; i++) {
      positions.add(p[i]);
      normals.add(n[i]);
    }
    for (int vertex : vertices) {
      corners.texCoord(vertex, texCoords);
    }
    materialOf.add(material);
  }

  private int materialNumber(@Nullable MaterialModel model) {
    if (!(model instanceof MaterialModelV2 m)) {
      return 0;
    }
    Integer known = materialNumbers.get(model);
    if (known == null) {
      known = materials.size();
      materialNumbers.put(model, known);
      materials.add(convert(m));
    }
    return known;
  }

  private Material convert(MaterialModelV2 m) {
    float[] base = m.getBaseColorFactor();
    float[] emission = m.getEmissiveFactor();
    TextureModel picture = m.getBaseColorTexture();
    float cutoff =
        switch (m.getAlphaMode()) {
          case MASK -> Math.max(m.getAlphaCutoff(), 0);
          case BLEND -> -1;
          default -> 0; // alpha has no meaning there
        };
    boolean glows = emission != null && m.getEmissiveTexture() == null;
    return new Material(
        String.valueOf(m.getName()),
        base == null ? Rgb.WHITE : new Rgb(base[0], base[1], base[2]),
        Rgb.grey(0.04f),
        Math.clamp(m.getRoughnessFactor(), 0f, 1f),
        // the factor is 1 by default and scales a map that isn't read: then the map decides most
        m.getMetallicRoughnessTexture() == null ? Math.clamp(m.getMetallicFactor(), 0f, 1f) : 0,
        base == null || cutoff == 0 ? 1 : Math.clamp(base[3], 0f, 1f),
        glows ? new Rgb(emission[0], emission[1], emission[2]) : Rgb.BLACK,
        picture == null ? null : texture(picture),
        null,
        cutoff);
  }

  private @Nullable Texture texture(TextureModel model) {
    if (!textures.containsKey(model)) {
      textures.put(model, load(model));
    }
    return textures.get(model);
  }

  private @Nullable Texture load(TextureModel model) {
    ByteBuffer data = model.getImageModel() == null ? null : model.getImageModel().getImageData();
    if (data == null) {
      warnings.add("texture not found");
      return null;
    }
    byte[] bytes = new byte[data.remaining()];
    data.duplicate().get(bytes);
    try {
      return Texture.of(Image.decode(bytes, "texture"));
    } catch (IOException e) {
      warnings.add("texture not readable: " + e.getMessage());
      return null;
    }
  }

  private Mesh finish() throws MeshException {
    int n = materialOf.size();
    if (n == 0) {
      throw new MeshException(name + ": no triangles" + warnings.inBrackets());
    }
    return new Mesh(
        positions.toArray(),
        normals.toArray(),
        texCoords.toArray(),
        materialOf.toArray(),
        materials,
        warnings.toList());
  }
}
