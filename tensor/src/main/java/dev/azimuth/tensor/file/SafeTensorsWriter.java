package dev.azimuth.tensor.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes tensors as one safetensors file.
 *
 * <p>The same tensors give the same bytes in whatever order they were added: widest type first,
 * then by name in code-point order, so that every tensor is aligned.
 */
public final class SafeTensorsWriter extends TensorWriter<SafeTensorsWriter> {
  private static final int ALIGNMENT = 8;

  /** The widest types first: then each tensor starts at a multiple of its type. */
  private static final Comparator<Column> ORDER =
      Comparator.<Column>comparingInt(c -> -c.type().bytes())
          .thenComparing(c -> utf8(c.name()), Arrays::compareUnsigned);

  private final SortedMap<String, String> metadata = new TreeMap<>();

  /** Adds or replaces a string of {@code __metadata__}. */
  public SafeTensorsWriter metadata(String key, String value) {
    checkText("metadata key", key);
    checkText("metadata value", value);
    metadata.put(key, value);
    return this;
  }

  @Override
  SafeTensorsWriter self() {
    return this;
  }

  @Override
  void check(String what, String name, ElementType type) {
    if (name.equals(SafeTensorsHeader.METADATA)) {
      throw new IllegalArgumentException(what + ": the name is reserved");
    }
  }

  @Override
  public void write(Path file) throws IOException {
    List<Column> ordered = new ArrayList<>(columns());
    ordered.sort(ORDER);
    byte[] header = header(ordered);
    AtomicFile.write(
        file,
        out -> {
          ByteBuffer length = ByteBuffer.allocate(SafeTensorsHeader.LENGTH_BYTES);
          out.write(length.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
          out.write(header);
          for (Column column : ordered) {
            column.body().writeTo(out);
          }
        });
  }

  private byte[] header(List<Column> ordered) {
    StringBuilder json = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      Json.appendString(json, SafeTensorsHeader.METADATA).append(":{");
      metadata.forEach(
          (key, value) -> {
            Json.appendString(json, key).append(':');
            Json.appendString(json, value).append(',');
          });
      json.setCharAt(json.length() - 1, '}');
      json.append(',');
    }
    long begin = 0;
    for (Column c : ordered) {
      long end = begin + c.bytes();
      String shape = Arrays.toString(c.shape()).replace(" ", "");
      Json.appendString(json, c.name())
          .append(":{\"dtype\":\"%s\",\"shape\":%s,".formatted(c.type(), shape))
          .append("\"data_offsets\":[%d,%d]},".formatted(begin, end));
      begin = end;
    }
    if (json.length() > 1) {
      json.setLength(json.length() - 1);
    }
    byte[] text = utf8(json.append('}').toString());
    int padded = Math.ceilDiv(text.length, ALIGNMENT) * ALIGNMENT;
    if (padded > SafeTensorsHeader.MAX_BYTES) {
      throw new IllegalArgumentException("the names and metadata are longer than 100 MB");
    }
    byte[] header = Arrays.copyOf(text, padded);
    Arrays.fill(header, text.length, padded, (byte) ' ');
    return header;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
