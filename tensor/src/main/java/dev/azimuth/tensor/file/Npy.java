package dev.azimuth.tensor.file;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * numpy's {@code .npy} files, one array each.
 *
 * <p>Written is format version 1.0 in C order. Read are versions 1 to 3, both byte orders, C and
 * Fortran order, and the types {@code f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 b1}. The header is parsed as
 * data and never evaluated; objects (pickles) are refused. Source: {@code numpy.lib.format}.
 */
public final class Npy {
  private static final int CHUNK_BYTES = 1 << 16;

  private Npy() {}

  /**
   * An array as read, in row-major order.
   *
   * @param values the values; integers beyond 2^53 are rounded
   * @param shape the extents; empty for a scalar, which has one value
   */
  public record Array(double[] values, int[] shape) {}

  /**
   * Writes a float64 array ({@code '<f8'}), row-major.
   *
   * @throws IllegalArgumentException if {@code shape} doesn't have {@code values.length} values
   */
  public static void write(Path file, double[] values, int... shape) throws IOException {
    Extents.check("npy", values.length, shape);
    AtomicFile.write(
        file,
        out -> {
          out.write(NpyHeader.encode("<f8", shape));
          ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
          for (double value : values) {
            flushIfFull(chunk, out);
            chunk.putDouble(value);
          }
          out.write(chunk.array(), 0, chunk.position());
        });
  }

  /**
   * Writes a float32 array ({@code '<f4'}), row-major.
   *
   * @throws IllegalArgumentException if {@code shape} doesn't have {@code values.length} values
   */
  public static void write(Path file, float[] values, int... shape) throws IOException {
    Extents.check("npy", values.length, shape);
    AtomicFile.write(
        file,
        out -> {
          out.write(NpyHeader.encode("<f4", shape));
          ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
          for (float value : values) {
            flushIfFull(chunk, out);
            chunk.putFloat(value);
          }
          out.write(chunk.array(), 0, chunk.position());
        });
  }

  private static void flushIfFull(ByteBuffer chunk, OutputStream out) throws IOException {
    if (!chunk.hasRemaining()) {
      out.write(chunk.array());
      chunk.clear();
    }
  }

  /**
   * Reads an array of any supported type.
   *
   * @throws FileFormatException if the file is not an npy file, is truncated, has bytes after the
   *     array, or holds a type that is not a number
   */
  public static Array read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      NpyHeader header = readHeader(file, channel);
      double[] values = readValues(file, channel, header);
      int[] shape = header.shape();
      return new Array(header.fortranOrder() ? toRowMajor(values, shape) : values, shape);
    } catch (IOException e) {
      throw IoReason.cannotRead(file, e);
    }
  }

  private static NpyHeader readHeader(Path file, FileChannel channel) throws IOException {
    ByteBuffer start = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, start);
    start.flip();
    if (start.remaining() < 10 || !NpyHeader.hasMagic(start)) {
      throw new FileFormatException(file, "not an npy file");
    }
    int version = start.get(6);
    if (version < 1 || version > 3 || start.get(7) != 0) {
      throw new FileFormatException(
          file, "npy version " + version + "." + start.get(7) + " is unknown; 1.0 to 3.0 are read");
    }
    int prefix = version == 1 ? 10 : 12;
    if (start.remaining() < prefix) {
      throw new FileFormatException(file, "truncated in the npy header");
    }
    long length = version == 1 ? start.getShort(8) & 0xFFFF : start.getInt(8) & 0xFFFF_FFFFL;
    if (length > channel.size() - prefix) {
      throw new FileFormatException(
          file, "header of %d bytes in a file of %d".formatted(length, channel.size()));
    }
    if (length > NpyHeader.MAX_BYTES) {
      throw new FileFormatException(file, "header of " + length + " bytes is too long");
    }
    ByteBuffer text = ByteBuffer.allocate((int) length);
    channel.position(prefix);
    readFully(channel, text);
    if (text.hasRemaining()) {
      throw new FileFormatException(file, "truncated in the npy header");
    }
    return NpyHeader.parse(file, new String(text.array(), StandardCharsets.UTF_8));
  }

  private static double[] readValues(Path file, FileChannel channel, NpyHeader header)
      throws IOException {
    NpyHeader.Type type = header.type();
    long available = channel.size() - channel.position();
    long count = Extents.count(header.shape());
    if (count < 0 || count > available / type.bytes() || count * type.bytes() != available) {
      throw new FileFormatException(
          file,
          "shape %s of %s does not fit the %d bytes of data"
              .formatted(Arrays.toString(header.shape()), type.name(), available));
    }
    if (count > Extents.MAX_ARRAY) {
      throw new FileFormatException(file, count + " values are more than one array can hold");
    }
    double[] values = new double[(int) count];
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(header.order());
    for (int done = 0; done < values.length; ) {
      int take = Math.min(CHUNK_BYTES / type.bytes(), values.length - done);
      chunk.clear().limit(take * type.bytes());
      readFully(channel, chunk);
      if (chunk.hasRemaining()) {
        throw new FileFormatException(file, "truncated after " + done + " values");
      }
      chunk.flip();
      for (int i = 0; i < take; i++) {
        values[done++] = type.read(chunk);
      }
    }
    return values;
  }

  private static void readFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      // until full or at the end
    }
  }

  /** Column-major to row-major: the first index of the file runs fastest. */
  private static double[] toRowMajor(double[] columnMajor, int[] shape) {
    double[] rowMajor = new double[columnMajor.length];
    int[] index = new int[shape.length];
    for (int to = 0; to < rowMajor.length; to++) {
      int from = 0;
      for (int axis = shape.length - 1; axis >= 0; axis--) {
        from = from * shape[axis] + index[axis];
      }
      rowMajor[to] = columnMajor[from];
      for (int axis = shape.length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--) {
        index[axis] = 0;
      }
    }
    return rowMajor;
  }
}
