package dev.azimuth.tensor.file;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
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
 * Collects tensors and writes them as one safetensors file, whole or not at all.
 *
 * <p>The same tensors give the same bytes in whatever order they were added: widest type first,
 * then by name in code-point order, so that every tensor is aligned. Arrays are not copied until
 * {@link #write}; they must not change before.
 */
public final class SafeTensorsWriter {
  private static final int CHUNK_BYTES = 1 << 16;
  private static final int ALIGNMENT = 8;

  /** The widest types first: then each tensor starts at a multiple of its type. */
  private static final Comparator<Column> ORDER =
      Comparator.<Column>comparingInt(c -> -c.type.bytes())
          .thenComparing(c -> utf8(c.name), Arrays::compareUnsigned);

  private final SortedMap<String, String> metadata = new TreeMap<>();
  private final SortedMap<String, Column> columns = new TreeMap<>();

  /** A tensor to be written. */
  private record Column(String name, ElementType type, int[] shape, long count, Source source) {}

  /** Writes the values of one tensor. */
  @FunctionalInterface
  private interface Source {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Puts one value into a chunk. */
  @FunctionalInterface
  private interface Put {
    void put(ByteBuffer chunk, int i);
  }

  /** Adds or replaces a string of {@code __metadata__}. */
  public SafeTensorsWriter metadata(String key, String value) {
    checkText("metadata key", key);
    checkText("metadata value", value);
    metadata.put(key, value);
    return this;
  }

  /** Adds a float32 tensor. */
  public SafeTensorsWriter add(String name, int[] shape, float[] values) {
    return add(name, shape, values, ElementType.F32);
  }

  /**
   * Adds a tensor stored as F32, F64, F16 or BF16, rounded to nearest.
   *
   * @throws IllegalArgumentException if the shape does not have that many values, the name is
   *     taken, a finite value is infinite in {@code stored}, or that is no floating-point type
   */
  public SafeTensorsWriter add(String name, int[] shape, float[] values, ElementType stored) {
    Put put =
        switch (stored) {
          case F32 -> (chunk, i) -> chunk.putFloat(values[i]);
          case F64 -> (chunk, i) -> chunk.putDouble(values[i]);
          case F16 -> (chunk, i) -> chunk.putShort(Float.floatToFloat16(values[i]));
          case BF16 -> (chunk, i) -> chunk.putShort(BFloat16.fromFloat(values[i]));
          default -> throw new IllegalArgumentException("floats cannot be stored as " + stored);
        };
    if (stored == ElementType.F16 || stored == ElementType.BF16) {
      for (float value : values) {
        checkRange(name, value, value, stored);
      }
    }
    return put(name, stored, shape, values.length, chunked(values.length, stored, put));
  }

  /** Adds a float64 tensor. */
  public SafeTensorsWriter add(String name, int[] shape, double[] values) {
    return add(name, shape, values, ElementType.F64);
  }

  /**
   * Adds a tensor stored as F64, F32, F16 or BF16, rounded to nearest (to the 16-bit types by way
   * of float32).
   *
   * @throws IllegalArgumentException as {@link #add(String, int[], float[], ElementType)}
   */
  public SafeTensorsWriter add(String name, int[] shape, double[] values, ElementType stored) {
    Put put =
        switch (stored) {
          case F64 -> (chunk, i) -> chunk.putDouble(values[i]);
          case F32 -> (chunk, i) -> chunk.putFloat((float) values[i]);
          case F16 -> (chunk, i) -> chunk.putShort(Float.floatToFloat16((float) values[i]));
          case BF16 -> (chunk, i) -> chunk.putShort(BFloat16.fromFloat((float) values[i]));
          default -> throw new IllegalArgumentException("doubles cannot be stored as " + stored);
        };
    if (stored != ElementType.F64) {
      for (double value : values) {
        checkRange(name, value, (float) value, stored);
      }
    }
    return put(name, stored, shape, values.length, chunked(values.length, stored, put));
  }

  /** Adds an int64 tensor. */
  public SafeTensorsWriter add(String name, int[] shape, long[] values) {
    return add(name, shape, values, ElementType.I64);
  }

  /**
   * Adds a tensor stored as an integer type or BOOL.
   *
   * @throws IllegalArgumentException if the shape does not have that many values, the name is
   *     taken, a value does not fit {@code stored}, or that is no integer type
   */
  public SafeTensorsWriter add(String name, int[] shape, long[] values, ElementType stored) {
    for (long value : values) {
      if (!stored.holds(value)) {
        throw new IllegalArgumentException(
            "tensor %s: %d does not fit %s".formatted(Quoted.of(name), value, stored));
      }
    }
    Put put =
        switch (stored.bytes()) {
          case 8 -> (chunk, i) -> chunk.putLong(values[i]);
          case 4 -> (chunk, i) -> chunk.putInt((int) values[i]);
          case 2 -> (chunk, i) -> chunk.putShort((short) values[i]);
          default -> (chunk, i) -> chunk.put((byte) values[i]);
        };
    return put(name, stored, shape, values.length, chunked(values.length, stored, put));
  }

  /**
   * Adds a tensor whose stored bytes are at hand, such as {@link SafeTensors.Entry#data} of a file
   * that stays open until {@link #write}.
   *
   * @throws IllegalArgumentException if the bytes are not shape times type, or the name is taken
   */
  public SafeTensorsWriter add(String name, int[] shape, ElementType type, MemorySegment data) {
    long count = data.byteSize() / type.bytes();
    if (count * type.bytes() != data.byteSize()) {
      throw new IllegalArgumentException(
          "tensor %s: %d bytes are no whole number of %s"
              .formatted(Quoted.of(name), data.byteSize(), type));
    }
    return put(name, type, shape, count, out -> copy(data, out));
  }

  /**
   * Writes the file beside its place and then renames it.
   *
   * @throws IOException naming the file and the reason if it cannot be written
   */
  public void write(Path file) throws IOException {
    List<Column> ordered = new ArrayList<>(columns.values());
    ordered.sort(ORDER);
    byte[] header = header(ordered);
    AtomicFile.write(
        file,
        out -> {
          ByteBuffer length = ByteBuffer.allocate(SafeTensorsHeader.LENGTH_BYTES);
          out.write(length.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
          out.write(header);
          for (Column column : ordered) {
            column.source.writeTo(out);
          }
        });
  }

  private SafeTensorsWriter put(
      String name, ElementType type, int[] shape, long count, Source source) {
    checkText("tensor name", name);
    String what = "tensor " + Quoted.of(name);
    if (name.equals(SafeTensorsHeader.METADATA)) {
      throw new IllegalArgumentException(what + ": the name is reserved");
    }
    if (shape.length > Extents.MAX_RANK) {
      throw new IllegalArgumentException(what + ": rank " + shape.length + " is too high");
    }
    Extents.check(what, count, shape);
    if (columns.putIfAbsent(name, new Column(name, type, shape.clone(), count, source)) != null) {
      throw new IllegalArgumentException(what + ": the name is taken");
    }
    return this;
  }

  private static void checkText(String what, String text) {
    if (JsonReader.hasLoneSurrogate(text)) {
      throw new IllegalArgumentException(
          what + " " + Quoted.of(text) + " has half a surrogate pair");
    }
  }

  private static void checkRange(String name, double value, float rounded, ElementType stored) {
    float kept =
        switch (stored) {
          case F16 -> Float.float16ToFloat(Float.floatToFloat16(rounded));
          case BF16 -> BFloat16.toFloat(BFloat16.fromFloat(rounded));
          default -> rounded;
        };
    if (Float.isInfinite(kept) && !Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "tensor %s: %s is beyond the range of %s".formatted(Quoted.of(name), value, stored));
    }
  }

  private static Source chunked(int count, ElementType type, Put put) {
    return out -> {
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      int perChunk = CHUNK_BYTES / type.bytes();
      for (int done = 0; done < count; ) {
        int end = (int) Math.min(count, (long) done + perChunk);
        chunk.clear();
        while (done < end) {
          put.put(chunk, done++);
        }
        out.write(chunk.array(), 0, chunk.position());
      }
    };
  }

  private static void copy(MemorySegment data, OutputStream out) throws IOException {
    byte[] chunk = new byte[CHUNK_BYTES];
    for (long done = 0; done < data.byteSize(); ) {
      int take = (int) Math.min(chunk.length, data.byteSize() - done);
      MemorySegment.copy(data, ElementType.BYTE, done, chunk, 0, take);
      out.write(chunk, 0, take);
      done += take;
    }
  }

  private byte[] header(List<Column> ordered) {
    StringBuilder json = new StringBuilder("{");
    if (!metadata.isEmpty()) {
      appendString(json, SafeTensorsHeader.METADATA).append(":{");
      metadata.forEach(
          (key, value) -> {
            appendString(json, key).append(':');
            appendString(json, value).append(',');
          });
      json.setCharAt(json.length() - 1, '}');
      json.append(',');
    }
    long begin = 0;
    for (Column c : ordered) {
      long end = begin + c.count * c.type.bytes();
      String shape = Arrays.toString(c.shape).replace(" ", "");
      appendString(json, c.name)
          .append(":{\"dtype\":\"%s\",\"shape\":%s,".formatted(c.type, shape))
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

  private static StringBuilder appendString(StringBuilder json, String text) {
    json.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> json.append('\\').append(c);
        case '\n' -> json.append("\\n");
        default -> {
          if (c < ' ') {
            json.append("\\u%04x".formatted((int) c));
          } else {
            json.append(c);
          }
        }
      }
    }
    return json.append('"');
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
