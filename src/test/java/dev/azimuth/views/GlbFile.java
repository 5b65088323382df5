package dev.azimuth.views;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Puts small binary glTF files together. */
final class GlbFile {
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();
  private final List<String> views = new ArrayList<>();
  private final List<String> accessors = new ArrayList<>();

  private int add(byte[] bytes) {
    while (data.size() % 4 != 0) {
      data.write(0);
    }
    views.add(
        "{\"buffer\":0,\"byteOffset\":%d,\"byteLength\":%d}".formatted(data.size(), bytes.length));
    data.writeBytes(bytes);
    return views.size() - 1;
  }

  /** An accessor of floats; returns its number. */
  int floats(String type, int width, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    accessors.add(
        "{\"bufferView\":%d,\"componentType\":5126,\"count\":%d,\"type\":\"%s\"}"
            .formatted(add(bytes.array()), values.length / width, type));
    return accessors.size() - 1;
  }

  /** An accessor of unsigned shorts; returns its number. */
  int indices(int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putShort((short) value);
    }
    accessors.add(
        "{\"bufferView\":%d,\"componentType\":5123,\"count\":%d,\"type\":\"SCALAR\"}"
            .formatted(add(bytes.array()), values.length));
    return accessors.size() - 1;
  }

  /** A picture; returns the number of its buffer view. */
  int picture(Image image) {
    return add(image.encodePng());
  }

  /** The file; {@code rest} holds scenes, nodes, meshes, materials... as JSON members. */
  byte[] build(String rest) {
    String json =
        "{\"asset\":{\"version\":\"2.0\"},\"buffers\":[{\"byteLength\":%d}],\"bufferViews\":[%s],"
                .formatted(data.size(), String.join(",", views))
            + "\"accessors\":[%s],%s}".formatted(String.join(",", accessors), rest);
    byte[] text = padded(json.getBytes(StandardCharsets.UTF_8), (byte) ' ');
    byte[] binary = padded(data.toByteArray(), (byte) 0);
    int length = 12 + 8 + text.length + 8 + binary.length;
    return ByteBuffer.allocate(length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(0x46546C67)
        .putInt(2)
        .putInt(length)
        .putInt(text.length)
        .putInt(0x4E4F534A)
        .put(text)
        .putInt(binary.length)
        .putInt(0x004E4942)
        .put(binary)
        .array();
  }

  private static byte[] padded(byte[] bytes, byte with) {
    byte[] out = Arrays.copyOf(bytes, (bytes.length + 3) / 4 * 4);
    Arrays.fill(out, bytes.length, out.length, with);
    return out;
  }

  /** A textured, half transparent triangle under a scaled and moved node. */
  static byte[] triangle() {
    GlbFile file = new GlbFile();
    int p = file.floats("VEC3", 3, 0, 0, 0, 1, 0, 0, 0, 1, 0);
    int uv = file.floats("VEC2", 2, 0, 0, 1, 0, 0, 1);
    int order = file.indices(0, 1, 2);
    int picture = file.picture(new Image(1, 2, new float[] {1, 0, 0, 1, 0, 0, 1, 1}));
    return file.build(
        """
        "scene":0,"scenes":[{"nodes":[0]}],
        "nodes":[{"children":[1],"translation":[10,0,0]},{"mesh":0,"scale":[2,2,2]}],
        "meshes":[{"primitives":[{"attributes":{"POSITION":%d,"TEXCOORD_0":%d},
          "indices":%d,"material":0}]}],
        "materials":[{"name":"m","alphaMode":"BLEND","pbrMetallicRoughness":{
          "baseColorFactor":[0.5,1,1,0.5],"metallicFactor":0.25,"roughnessFactor":0.75,
          "baseColorTexture":{"index":0}}}],
        "textures":[{"source":0}],"images":[{"bufferView":%d,"mimeType":"image/png"}]
        """
            .formatted(p, uv, order, picture));
  }
}
