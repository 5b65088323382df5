package dev.azimuth.tensor.file;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Writes a zip front to back, its content stored as it is and beginning at multiples of 64 bytes,
 * so that it can be mapped; ZIP64 from 4 GiB on. As PyTorch does, checksums follow the content, the
 * padding is an extra field, and the directory's end is written in ZIP64 always. No times are
 * written: the same content gives the same bytes. Source: as {@link StoredZip}, and {@code
 * caffe2/serialize/inline_container.cc} for the alignment.
 */
final class StoredZipWriter {
  private static final int ALIGNMENT = 64;

  /** UTF-8 names; checksum and sizes behind the content. */
  private static final int FLAGS = 0x0808;

  private static final int VERSION = 20;
  private static final int VERSION64 = 45;

  /** The tag of the extra field that holds padding: FB. */
  private static final int PADDING = 0x4246;

  private final OutputStream out;
  private final List<Entry> entries = new ArrayList<>();
  private long position;

  private record Entry(byte[] name, long header, long length, int checksum) {
    boolean wideLength() {
      return length >= StoredZip.MAX32;
    }

    boolean wideHeader() {
      return header >= StoredZip.MAX32;
    }
  }

  StoredZipWriter(OutputStream out) {
    this.out = out;
  }

  /**
   * Writes an entry.
   *
   * @param length the number of bytes that {@code body} writes
   * @throws IllegalArgumentException if it writes more or less
   */
  void add(String name, long length, TensorWriter.Body body) throws IOException {
    byte[] utf8 = name.getBytes(StandardCharsets.UTF_8);
    long header = position;
    boolean wide = length >= StoredZip.MAX32;
    int sizes = wide ? 4 + 2 * Long.BYTES : 0;
    long start = header + StoredZip.LOCAL_BYTES + utf8.length + sizes + 4;
    int padding = (int) (Math.ceilDiv(start, ALIGNMENT) * ALIGNMENT - start);
    int extra = sizes + 4 + padding;
    ByteBuffer local = record(StoredZip.LOCAL_BYTES + utf8.length + extra);
    local.putInt(StoredZip.LOCAL_SIGNATURE).putShort((short) (wide ? VERSION64 : VERSION));
    local.putShort((short) FLAGS).putShort((short) 0).putInt(0).putInt(0);
    local.putInt(wide ? -1 : 0).putInt(wide ? -1 : 0);
    local.putShort((short) utf8.length).putShort((short) extra).put(utf8);
    if (wide) {
      local.putShort((short) StoredZip.EXTRA64).putShort((short) (2 * Long.BYTES));
      local.putLong(length).putLong(length);
    }
    local.putShort((short) PADDING).putShort((short) padding);
    write(local);
    Content content = new Content();
    body.writeTo(content);
    if (content.length != length) {
      throw new IllegalArgumentException(
          "entry %s: %d bytes were announced; got %d".formatted(name, length, content.length));
    }
    position += length;
    Entry entry = new Entry(utf8, header, length, (int) content.checksum.getValue());
    ByteBuffer descriptor = record(wide ? 24 : 16);
    descriptor.putInt(StoredZip.DESCRIPTOR_SIGNATURE).putInt(entry.checksum);
    if (wide) {
      descriptor.putLong(length).putLong(length);
    } else {
      descriptor.putInt((int) length).putInt((int) length);
    }
    write(descriptor);
    entries.add(entry);
  }

  /** Writes the directory. */
  void finish() throws IOException {
    long begin = position;
    for (Entry entry : entries) {
      writeCentral(entry);
    }
    long end = position;
    ByteBuffer last =
        record(StoredZip.END64_BYTES + StoredZip.LOCATOR64_BYTES + StoredZip.END_BYTES);
    last.putInt(StoredZip.END64_SIGNATURE).putLong(StoredZip.END64_BYTES - 12L);
    last.putShort((short) VERSION64).putShort((short) VERSION64).putInt(0).putInt(0);
    last.putLong(entries.size()).putLong(entries.size()).putLong(end - begin).putLong(begin);
    last.putInt(StoredZip.LOCATOR64_SIGNATURE).putInt(0).putLong(end).putInt(1);
    short count = (short) Math.min(StoredZip.MAX16, entries.size());
    last.putInt(StoredZip.END_SIGNATURE).putInt(0).putShort(count).putShort(count);
    last.putInt(narrow(end - begin)).putInt(narrow(begin)).putShort((short) 0);
    write(last);
  }

  private void writeCentral(Entry entry) throws IOException {
    int wide = (entry.wideLength() ? 2 * Long.BYTES : 0) + (entry.wideHeader() ? Long.BYTES : 0);
    int extra = wide == 0 ? 0 : 4 + wide;
    short version = (short) (wide == 0 ? VERSION : VERSION64);
    ByteBuffer central = record(StoredZip.CENTRAL_BYTES + entry.name.length + extra);
    central.putInt(StoredZip.CENTRAL_SIGNATURE).putShort(version).putShort(version);
    central.putShort((short) FLAGS).putShort((short) 0).putInt(0).putInt(entry.checksum);
    central.putInt(narrow(entry.length)).putInt(narrow(entry.length));
    central.putShort((short) entry.name.length).putShort((short) extra);
    central.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
    central.putInt(narrow(entry.header)).put(entry.name);
    if (wide > 0) {
      central.putShort((short) StoredZip.EXTRA64).putShort((short) wide);
    }
    if (entry.wideLength()) {
      central.putLong(entry.length).putLong(entry.length);
    }
    if (entry.wideHeader()) {
      central.putLong(entry.header);
    }
    write(central);
  }

  /** The number, or all ones where it stands in the ZIP64 field instead. */
  private static int narrow(long value) {
    return (int) Math.min(StoredZip.MAX32, value);
  }

  private static ByteBuffer record(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Writes a whole record; what was not put into it is zero. */
  private void write(ByteBuffer record) throws IOException {
    out.write(record.array());
    position += record.capacity();
  }

  /** Counts and sums up what goes through. */
  private final class Content extends OutputStream {
    private final CRC32 checksum = new CRC32();
    private long length;

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      out.write(bytes, offset, count);
      checksum.update(bytes, offset, count);
      length += count;
    }
  }
}
