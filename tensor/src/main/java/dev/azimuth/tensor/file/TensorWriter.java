package dev.azimuth.tensor.file;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.SequencedMap;

/**
 * Collects tensors and writes them as one file, whole or not at all.
 *
 * <p>Arrays are not copied until {@link #write}; they must not change before. Tensors given by
 * their {@link Source}, or out of another file, are fetched one at a time while the file is
 * written, so that it may be larger than the memory.
 *
 * @param <W> the format's writer, which each method returns
 */
public abstract sealed class TensorWriter<W extends TensorWriter<W>>
    permits SafeTensorsWriter, PyTorchCheckpointWriter {
  private static final int CHUNK_BYTES = 1 << 16;

  private final SequencedMap<String, Column> columns = new LinkedHashMap<>();

  /** Fetches a tensor's bytes, row-major and little-endian, when its turn has come. */
  @FunctionalInterface
  public interface Source {
    MemorySegment fetch() throws IOException;
  }

  /** A tensor to be written. */
  record Column(String name, ElementType type, int[] shape, long count, Body body) {
    long bytes() {
      return count * type.bytes();
    }
  }

  /** Writes the values of one tensor. */
  @FunctionalInterface
  interface Body {
    void writeTo(OutputStream out) throws IOException;
  }

  /** Puts one value into a chunk. */
  @FunctionalInterface
  private interface Put {
    void put(ByteBuffer chunk, int i);
  }

  TensorWriter() {}

  abstract W self();

  /**
   * Refuses what the format can't hold.
   *
   * @param what the tensor, for the message
   * @throws IllegalArgumentException if it can't
   */
  abstract void check(String what, String name, ElementType type);

  /**
   * Writes the file beside its place and then renames it.
   *
   * @throws IOException naming the file and the reason if it cannot be written
   */
  public abstract void write(Path file) throws IOException;

  /** What was added, in that order. */
  final Collection<Column> columns() {
    return columns.values();
  }

  /** Adds a float32 tensor. */
  public final W add(String name, int[] shape, float[] values) {
    return add(name, shape, values, ElementType.F32);
  }

  /**
   * Adds a tensor stored as F32, F64, F16 or BF16, rounded to nearest.
   *
   * @throws IllegalArgumentException if the shape does not have that many values, the name is
   *     taken, a finite value is infinite in {@code stored}, or that is no floating-point type
   */
  public final W add(String name, int[] shape, float[] values, ElementType stored) {
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
  public final W add(String name, int[] shape, double[] values) {
    return add(name, shape, values, ElementType.F64);
  }

  /**
   * Adds a tensor stored as F64, F32, F16 or BF16, rounded to nearest (to the 16-bit types by way
   * of float32).
   *
   * @throws IllegalArgumentException as {@link #add(String, int[], float[], ElementType)}
   */
  public final W add(String name, int[] shape, double[] values, ElementType stored) {
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
  public final W add(String name, int[] shape, long[] values) {
    return add(name, shape, values, ElementType.I64);
  }

  /**
   * Adds a tensor stored as an integer type or BOOL.
   *
   * @throws IllegalArgumentException if the shape does not have that many values, the name is
   *     taken, a value does not fit {@code stored}, or that is no integer type
   */
  public final W add(String name, int[] shape, long[] values, ElementType stored) {
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
  public final W add(String name, int[] shape, ElementType type, MemorySegment data) {
    long count = data.byteSize() / type.bytes();
    if (count * type.bytes() != data.byteSize()) {
      throw new IllegalArgumentException(
          "tensor %s: %d bytes are no whole number of %s"
              .formatted(Quoted.of(name), data.byteSize(), type));
    }
    return put(name, type, shape, count, out -> copy(data, out));
  }

  /**
   * Adds a tensor whose bytes are fetched once, when the file is written.
   *
   * @throws IllegalArgumentException if the shape is none, or the name is taken; from {@link
   *     #write} if there are not as many bytes as shape times type
   */
  public final W add(String name, int[] shape, ElementType type, Source source) {
    long count = Extents.count(shape);
    if (count < 0 || count > Long.MAX_VALUE / type.bytes()) {
      throw new IllegalArgumentException(
          "tensor %s: shape %s has too many values"
              .formatted(Quoted.of(name), Arrays.toString(shape)));
    }
    return put(
        name,
        type,
        shape,
        count,
        out -> {
          MemorySegment data = source.fetch();
          if (data.byteSize() != count * type.bytes()) {
            throw new IllegalArgumentException(
                "tensor %s: %d bytes were announced; got %d"
                    .formatted(Quoted.of(name), count * type.bytes(), data.byteSize()));
          }
          copy(data, out);
        });
  }

  /**
   * Adds a tensor of another file, which must stay open until {@link #write}.
   *
   * @throws IllegalArgumentException if the name is taken
   */
  public final W add(String name, StoredTensor tensor) {
    return add(name, tensor.shape(), tensor.type(), () -> MemorySegment.ofArray(tensor.bytes()));
  }

  private W put(String name, ElementType type, int[] shape, long count, Body body) {
    checkText("tensor name", name);
    String what = "tensor " + Quoted.of(name);
    check(what, name, type);
    if (shape.length > Extents.MAX_RANK) {
      throw new IllegalArgumentException(what + ": rank " + shape.length + " is too high");
    }
    Extents.check(what, count, shape);
    if (columns.putIfAbsent(name, new Column(name, type, shape.clone(), count, body)) != null) {
      throw new IllegalArgumentException(what + ": the name is taken");
    }
    return self();
  }

  static void checkText(String what, String text) {
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

  private static Body chunked(int count, ElementType type, Put put) {
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
}
