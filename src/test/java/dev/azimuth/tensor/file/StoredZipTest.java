package dev.azimuth.tensor.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The container of checkpoints: what is refused, and sizes beyond 32 bits. */
class StoredZipTest {
  private static final byte[] NO_TENSORS = {(byte) 0x80, 2, '}', '.'};
  private static final byte[] ZEROS = new byte[1 << 20];

  @TempDir Path folder;

  @Test
  void sizesBeyond32BitsAreWrittenAndReadWithoutTouchingTheData() throws IOException {
    long bytes = 1L << 32;
    Path path = folder.resolve("large.ckpt");
    PickleWriter pickle = new PickleWriter().emptyDict().mark();
    tensor(pickle, "large", "0", bytes / 4, 0, bytes / 4);
    tensor(pickle, "last", "0", bytes / 4, bytes / 4 - 2, 2);
    tensor(pickle, "small", "1", 2, 0, 2);
    byte[] program = pickle.setItems().end();
    try (Sparse out = new Sparse(path)) {
      StoredZipWriter zip = new StoredZipWriter(out);
      zip.add("x/data.pkl", program.length, entry -> entry.write(program));
      zip.add("x/data/0", bytes, entry -> writeZerosThenOne(entry, bytes));
      zip.add("x/data/1", 8, entry -> entry.write(floats(1, 2)));
      zip.finish();
    }
    assertTrue(Files.size(path) > bytes);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    try (PyTorchCheckpoint file = PyTorchCheckpoint.open(path)) {
      assertTrue(threads.getCurrentThreadAllocatedBytes() - before < 1 << 20);
      assertTrue(System.nanoTime() - start < 2_000_000_000L, "reading 4 GiB takes longer");
      assertEquals(bytes / 4, file.entry("large").count());
      assertThrows(FileFormatException.class, () -> file.entry("large").bytes());
      assertArrayEquals(new float[] {0, 1}, file.entry("last").floats());
      assertArrayEquals(new float[] {1, 2}, file.entry("small").floats());
    }
    // another reader of ZIP64, which also verifies the small entry's checksum
    try (ZipFile zip = new ZipFile(path.toFile())) {
      assertEquals(bytes, zip.getEntry("x/data/0").getSize());
      ZipEntry small = zip.getEntry("x/data/1");
      assertArrayEquals(floats(1, 2), zip.getInputStream(small).readAllBytes());
    }
  }

  private static void tensor(
      PickleWriter pickle, String name, String key, long stored, long offset, long extent) {
    pickle.text(name).global("torch._utils", "_rebuild_tensor_v2").mark();
    pickle.mark().text("storage").global("torch", "FloatStorage").text(key).text("cpu");
    pickle.integer(stored).tuple().persistent().integer(offset);
    pickle.mark().integer(extent).tuple().mark().integer(1).tuple().bool(false).emptyTuple();
    pickle.tuple().reduce();
  }

  private static void writeZerosThenOne(OutputStream out, long bytes) throws IOException {
    for (long done = 0; done < bytes - ZEROS.length; done += ZEROS.length) {
      out.write(ZEROS);
    }
    out.write(ZEROS, 0, ZEROS.length - 4);
    out.write(floats(1));
  }

  private static byte[] floats(float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }

  /** A file in which the zeros take no room on the disk. */
  private static final class Sparse extends OutputStream {
    private final FileChannel channel;

    Sparse(Path path) throws IOException {
      channel = FileChannel.open(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      if (bytes == ZEROS) {
        channel.position(channel.position() + length);
      } else {
        channel.write(ByteBuffer.wrap(bytes, offset, length));
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  @Test
  void compressedEntriesAreRefusedWhenAskedFor() throws IOException {
    Path path = folder.resolve("a.ckpt");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(path))) {
      zip.putNextEntry(new ZipEntry("x/data.pkl"));
      zip.write(NO_TENSORS);
      zip.closeEntry();
    }
    assertEquals(
        "its entry 'x/data.pkl' is compressed or encrypted; PyTorch stores entries as they are",
        refusal(path).reason());
  }

  @Test
  void anotherWritersStoredEntriesAreRead() throws IOException {
    Path path = folder.resolve("a.ckpt");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(path))) {
      zip.setComment("PK\5\6 a comment that looks like the end");
      stored(zip, "x/data.pkl", NO_TENSORS);
      stored(zip, "x/byteorder", "little\n".getBytes(StandardCharsets.US_ASCII));
      // never asked for
      zip.putNextEntry(new ZipEntry("x/code.py"));
      zip.write(ZEROS);
      zip.closeEntry();
    }
    try (PyTorchCheckpoint file = PyTorchCheckpoint.open(path)) {
      assertTrue(file.names().isEmpty());
    }
  }

  private static void stored(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    CRC32 checksum = new CRC32();
    checksum.update(content);
    entry.setCrc(checksum.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  @Test
  void otherByteOrdersAreRefused() throws IOException {
    byte[] zip =
        zip("x/data.pkl", NO_TENSORS, "x/byteorder", "big".getBytes(StandardCharsets.US_ASCII));
    assertEquals("its numbers are not little-endian", refusal(file(zip)).reason());
  }

  @Test
  void twoEntriesOfOneNameAreRefused() throws IOException {
    byte[] zip = zip("x/data.pkl", NO_TENSORS, "x/data.pkl", NO_TENSORS);
    assertEquals("its entry 'x/data.pkl' is there twice", refusal(file(zip)).reason());
  }

  @Test
  void twoCheckpointsInOneAreRefused() throws IOException {
    byte[] zip = zip("x/data.pkl", NO_TENSORS, "y/data.pkl", NO_TENSORS);
    assertEquals("the zip holds two checkpoints", refusal(file(zip)).reason());
  }

  @Test
  void zipsWithoutAPickleAreRefused() throws IOException {
    byte[] zip = zip("x/data", NO_TENSORS, "x/a/data.pkl", NO_TENSORS);
    assertEquals("not a PyTorch checkpoint: the zip has no data.pkl", refusal(file(zip)).reason());
  }

  @Test
  void overlappingEntriesAreRefused() throws IOException {
    byte[] zip = zip("x/data.pkl", NO_TENSORS, "x/data/0", new byte[64]);
    int central = find(zip, StoredZip.CENTRAL_SIGNATURE, 0);
    // the pickle gets so long that it reaches into the next entry
    ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(central + 20, 70).putInt(central + 24, 70);
    assertTrue(refusal(file(zip)).reason().endsWith("overlap"));
  }

  @Test
  void sizesThatLieAreRefused() throws IOException {
    byte[] good = zip("x/data.pkl", NO_TENSORS, "x/data/0", new byte[64]);
    int central = find(good, StoredZip.CENTRAL_SIGNATURE, 0);
    int end64 = find(good, StoredZip.END64_SIGNATURE, central);
    int end = find(good, StoredZip.END_SIGNATURE, end64);
    int locator = end - StoredZip.LOCATOR64_BYTES;
    long[][] lies = {
      {central + 20, 3}, // stored and real size differ
      {central + 20, -1},
      {central + 24, -1}, // beyond 32 bits, without the field that would have it
      {central + 28, 0xFFFF}, // lengths of name and extra field
      {central + 42, 1},
      {central + 42, 0x7FFF_FFFF},
      {central + 42, -1},
      {end64 + 32, -1}, // count, size and place of the directory
      {end64 + 32, 1L << 40},
      {end64 + 32, 3},
      {end64 + 40, -1},
      {end64 + 40, 1L << 62},
      {end64 + 48, -1},
      {end64 + 48, 1L << 62},
      {locator + 8, -1},
      {locator + 8, 0},
      {locator + 8, Long.MAX_VALUE},
    };
    for (long[] lie : lies) {
      ByteBuffer bytes = ByteBuffer.wrap(good.clone()).order(ByteOrder.LITTLE_ENDIAN);
      int at = (int) lie[0];
      if (at == central + 28) {
        bytes.putShort(at, (short) lie[1]);
      } else if (at < end64) {
        bytes.putInt(at, (int) lie[1]);
      } else {
        bytes.putLong(at, lie[1]);
      }
      refusal(file(bytes.array()));
    }
  }

  private static int find(byte[] zip, int signature, int from) {
    ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
    int at = from;
    while (bytes.getInt(at) != signature) {
      at++;
    }
    return at;
  }

  private static byte[] zip(String name, byte[] content, String name2, byte[] content2)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    StoredZipWriter zip = new StoredZipWriter(out);
    zip.add(name, content.length, entry -> entry.write(content));
    zip.add(name2, content2.length, entry -> entry.write(content2));
    zip.finish();
    return out.toByteArray();
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(Files.createTempFile(folder, "x", ".ckpt"), bytes);
  }

  private static FileFormatException refusal(Path file) {
    FileFormatException e =
        assertThrows(FileFormatException.class, () -> PyTorchCheckpoint.open(file).close());
    assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
    return e;
  }
}
