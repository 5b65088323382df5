package dev.azimuth.tensor.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A safetensors file, mapped into memory: named tensors and a table of strings.
 *
 * <p>Opening checks the whole header and touches no tensor, so that a file of many gigabytes opens
 * at once and costs memory only for what is read from it. The file must not be shortened while it
 * is open. Safe for use by several threads; {@link #close} unmaps it, after which reading an entry
 * throws {@link IllegalStateException}.
 *
 * <p>Layout: the header's length (8 bytes, little-endian), the header (JSON, padded with blanks),
 * the data. Refused are: a header longer than the file or 100 MB, any JSON but the prescribed,
 * repeated names, unknown types, sizes that are not shape times type, and tensors that overlap or
 * do not cover the data exactly. Source: the format's description in the safetensors project.
 */
public final class SafeTensors implements TensorFile {
  private final Path file;
  private final Arena arena;
  private final Map<String, String> metadata;
  private final SequencedMap<String, Entry> entries;

  private SafeTensors(Path file, Arena arena, SafeTensorsHeader header) {
    this.file = file;
    this.arena = arena;
    this.metadata = Collections.unmodifiableMap(header.metadata());
    this.entries = Collections.unmodifiableSequencedMap(header.entries());
  }

  /**
   * Opens a file.
   *
   * @throws FileFormatException if it is no sound safetensors file
   */
  @SuppressWarnings("MustBeClosedChecker") // close() closes the arena; so does a failure in here
  public static SafeTensors open(Path file) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      SafeTensorsHeader.checkSize(file, size);
      MemorySegment whole = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
      return new SafeTensors(file, arena, SafeTensorsHeader.read(file, whole));
    } catch (IOException e) {
      arena.close();
      throw IoReason.cannotRead(file, e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** The file that is open. */
  @Override
  public Path file() {
    return file;
  }

  /** The strings under {@code __metadata__}; empty if the file has none. */
  @Override
  public Map<String, String> metadata() {
    return metadata;
  }

  /** All tensors by name, in the order of the header. */
  @Override
  public SequencedMap<String, Entry> entries() {
    return entries;
  }

  /**
   * The tensor of that name.
   *
   * @throws FileFormatException if there is none
   */
  @Override
  public Entry entry(String name) throws FileFormatException {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new FileFormatException(file, "there is no tensor " + Quoted.of(name));
    }
    return entry;
  }

  /** Unmaps the file. */
  @Override
  public void close() {
    arena.close();
  }

  /** One tensor of an open file. */
  public static final class Entry implements StoredTensor {
    private final Path file;
    private final String name;
    private final ElementType type;
    private final int[] shape;
    private final MemorySegment all;
    private final long begin;
    private final long end;

    /** The tensor in the bytes from begin to end of {@code all}. */
    Entry(
        Path file,
        String name,
        ElementType type,
        int[] shape,
        MemorySegment all,
        long begin,
        long end) {
      this.file = file;
      this.name = name;
      this.type = type;
      this.shape = shape;
      this.all = all;
      this.begin = begin;
      this.end = end;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public ElementType type() {
      return type;
    }

    @Override
    public int[] shape() {
      return shape.clone();
    }

    @Override
    public long count() {
      return (end - begin) / type.bytes();
    }

    /** The stored bytes: row-major, little-endian, read-only, gone when the file is closed. */
    public MemorySegment data() {
      return all.asSlice(begin, end - begin);
    }

    long begin() {
      return begin;
    }

    long end() {
      return end;
    }

    @Override
    public byte[] bytes() throws FileFormatException {
      if (end - begin > Extents.MAX_ARRAY) {
        throw refuse((end - begin) + " bytes are more than one array can hold");
      }
      return data().toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public float[] floats() throws FileFormatException {
      float[] values = new float[checkedCount()];
      MemorySegment data = data();
      switch (type) {
        case F32 -> MemorySegment.copy(data, ElementType.FLOAT, 0, values, 0, values.length);
        case F16 -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = Float.float16ToFloat(data.getAtIndex(ElementType.SHORT, i));
          }
        }
        case BF16 -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = BFloat16.toFloat(data.getAtIndex(ElementType.SHORT, i));
          }
        }
        case I64 -> {
          for (int i = 0; i < values.length; i++) {
            // not by way of a double, which would round twice
            values[i] = data.getAtIndex(ElementType.LONG, i);
          }
        }
        default -> {
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) type.toDouble(data, i);
          }
        }
      }
      return values;
    }

    @Override
    public double[] doubles() throws FileFormatException {
      double[] values = new double[checkedCount()];
      MemorySegment data = data();
      if (type == ElementType.F64) {
        MemorySegment.copy(data, ElementType.DOUBLE, 0, values, 0, values.length);
      } else {
        for (int i = 0; i < values.length; i++) {
          values[i] = type.toDouble(data, i);
        }
      }
      return values;
    }

    @Override
    public long[] longs() throws FileFormatException {
      if (type.isFloatingPoint()) {
        throw refuse("integers expected; got " + type);
      }
      long[] values = new long[checkedCount()];
      MemorySegment data = data();
      for (int i = 0; i < values.length; i++) {
        values[i] = type.toLong(data, i);
        if (type == ElementType.U64 && values[i] < 0) {
          throw refuse(Long.toUnsignedString(values[i]) + " is beyond 2^63 - 1");
        }
      }
      return values;
    }

    private int checkedCount() throws FileFormatException {
      if (count() > Extents.MAX_ARRAY) {
        throw refuse(count() + " values are more than one array can hold");
      }
      return (int) count();
    }

    private FileFormatException refuse(String reason) {
      return new FileFormatException(file, "tensor " + Quoted.of(name) + ": " + reason);
    }

    @Override
    public String toString() {
      return name + " " + type + Arrays.toString(shape);
    }
  }
}
