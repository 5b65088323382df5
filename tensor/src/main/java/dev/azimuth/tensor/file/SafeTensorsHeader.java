package dev.azimuth.tensor.file;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A safetensors header that has been found sound.
 *
 * @param metadata the strings under {@code __metadata__}
 * @param entries the tensors by name, in the header's order
 */
record SafeTensorsHeader(
    Map<String, String> metadata, SequencedMap<String, SafeTensors.Entry> entries) {
  /** The length before the header. */
  static final int LENGTH_BYTES = 8;

  /** The limit of the format's own reader. */
  static final long MAX_BYTES = 100_000_000;

  static final String METADATA = "__metadata__";

  /** Refuses a file too short to be one. */
  static void checkSize(Path file, long size) throws FileFormatException {
    if (size < LENGTH_BYTES + 2) {
      throw new FileFormatException(
          file, "not a safetensors file: it has only %d bytes".formatted(size));
    }
  }

  /** Reads and checks the header of a whole file. */
  static SafeTensorsHeader read(Path file, MemorySegment whole) throws FileFormatException {
    long length = whole.get(ElementType.LONG, 0);
    long rest = whole.byteSize() - LENGTH_BYTES;
    if (length < 0 || length > rest) {
      throw new FileFormatException(
          file,
          "not a safetensors file, or truncated: a header of %s bytes in a file of %d"
              .formatted(Long.toUnsignedString(length), whole.byteSize()));
    }
    if (length > MAX_BYTES) {
      throw new FileFormatException(
          file, "safetensors header of %d bytes; at most %d are read".formatted(length, MAX_BYTES));
    }
    if (length == 0 || whole.get(ElementType.BYTE, LENGTH_BYTES) != '{') {
      throw new FileFormatException(file, "not a safetensors file: the header is no JSON object");
    }
    MemorySegment data = whole.asSlice(LENGTH_BYTES + length);
    ByteBuffer text = whole.asSlice(LENGTH_BYTES, length).asByteBuffer();
    JsonReader json = new JsonReader(file, "safetensors header", text);
    Map<String, Map<String, String>> strings = new LinkedHashMap<>();
    SequencedMap<String, SafeTensors.Entry> entries = new LinkedHashMap<>();
    readObject(
        json,
        key -> {
          if (key.equals(METADATA)) {
            putNew(json, strings, key, readStrings(json));
          } else {
            EntryReader fields = new EntryReader(json);
            readObject(json, fields::read);
            putNew(json, entries, key, fields.entry(file, key, data));
          }
        });
    json.end();
    checkCover(file, entries.values(), data.byteSize());
    return new SafeTensorsHeader(strings.getOrDefault(METADATA, Map.of()), entries);
  }

  private static Map<String, String> readStrings(JsonReader json) throws FileFormatException {
    Map<String, String> strings = new LinkedHashMap<>();
    readObject(json, name -> putNew(json, strings, name, json.string()));
    return strings;
  }

  @FunctionalInterface
  private interface Member {
    void read(String key) throws FileFormatException;
  }

  private static void readObject(JsonReader json, Member member) throws FileFormatException {
    json.expect('{');
    if (json.accept('}')) {
      return;
    }
    do {
      String key = json.string();
      json.expect(':');
      member.read(key);
    } while (json.accept(','));
    json.expect('}');
  }

  private static <V> void putNew(JsonReader json, Map<String, V> map, String key, V value)
      throws FileFormatException {
    if (map.putIfAbsent(key, value) != null) {
      throw json.refuse("the name " + Quoted.of(key) + " occurs twice");
    }
  }

  /** The three members of a tensor's entry, in any order. */
  private static final class EntryReader {
    private final JsonReader json;
    private @Nullable String type;
    private long @Nullable [] shape;
    private long @Nullable [] offsets;

    EntryReader(JsonReader json) {
      this.json = json;
    }

    void read(String key) throws FileFormatException {
      if (key.equals("dtype") && type == null) {
        type = json.string();
      } else if (key.equals("shape") && shape == null) {
        shape = integers();
      } else if (key.equals("data_offsets") && offsets == null) {
        offsets = integers();
      } else {
        throw json.refuse("unexpected or repeated member " + Quoted.of(key));
      }
    }

    private long[] integers() throws FileFormatException {
      long[] values = new long[4];
      int count = 0;
      json.expect('[');
      if (json.accept(']')) {
        return new long[0];
      }
      do {
        if (count == Extents.MAX_RANK) {
          throw json.refuse("more than " + Extents.MAX_RANK + " integers");
        }
        if (count == values.length) {
          values = Arrays.copyOf(values, 2 * count);
        }
        values[count++] = json.integer();
      } while (json.accept(','));
      json.expect(']');
      return Arrays.copyOf(values, count);
    }

    SafeTensors.Entry entry(Path file, String name, MemorySegment data) throws FileFormatException {
      String dtype = type;
      long[] extents = shape;
      long[] range = offsets;
      if (dtype == null || extents == null || range == null || range.length != 2) {
        throw refuse(file, name, "dtype, shape and two data_offsets expected");
      }
      ElementType element = elementType(dtype);
      if (element == null) {
        throw refuse(file, name, "type " + Quoted.of(dtype) + " is not read");
      }
      int[] sizes = new int[extents.length];
      for (int i = 0; i < sizes.length; i++) {
        if (extents[i] > Integer.MAX_VALUE) {
          throw refuse(file, name, "extent " + extents[i] + " is beyond 2^31 - 1");
        }
        sizes[i] = (int) extents[i];
      }
      long count = Extents.count(extents);
      long bytes = range[1] - range[0];
      if (count < 0 || bytes % element.bytes() != 0 || bytes / element.bytes() != count) {
        throw refuse(
            file,
            name,
            "shape %s of %s does not fit the bytes from %d to %d"
                .formatted(Arrays.toString(sizes), element, range[0], range[1]));
      }
      if (range[1] > data.byteSize()) {
        throw refuse(
            file,
            name,
            "its bytes %d to %d exceed the %d bytes of data, or the file is truncated"
                .formatted(range[0], range[1], data.byteSize()));
      }
      MemorySegment values = data.asSlice(range[0], bytes);
      return new SafeTensors.Entry(file, name, element, sizes, values, range[0]);
    }

    private static @Nullable ElementType elementType(String dtype) {
      for (ElementType type : ElementType.values()) {
        if (type.name().equals(dtype)) {
          return type;
        }
      }
      return null;
    }
  }

  /** The tensors must lie one behind the other, from the first byte of the data to the last. */
  private static void checkCover(Path file, Collection<SafeTensors.Entry> entries, long dataBytes)
      throws FileFormatException {
    List<SafeTensors.Entry> sorted = new ArrayList<>(entries);
    sorted.sort(
        Comparator.comparingLong(SafeTensors.Entry::begin)
            .thenComparingLong(SafeTensors.Entry::end));
    long covered = 0;
    for (SafeTensors.Entry e : sorted) {
      if (e.begin() != covered) {
        String relation = e.begin() < covered ? "overlaps another" : "leaves a gap before it";
        throw refuse(file, e.name(), relation + ", at byte " + e.begin());
      }
      covered = e.end();
    }
    if (covered != dataBytes) {
      throw new FileFormatException(
          file, "%d bytes after the last tensor".formatted(dataBytes - covered));
    }
  }

  private static FileFormatException refuse(Path file, String name, String reason) {
    return new FileFormatException(file, "tensor " + Quoted.of(name) + ": " + reason);
  }
}
