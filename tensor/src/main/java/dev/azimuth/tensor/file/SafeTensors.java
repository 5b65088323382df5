package dev.azimuth.tensor.file;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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
  public static final class Entry extends StridedTensor {
    private final MemorySegment data;
    private final long begin;

    /** The tensor in these bytes, which begin at {@code begin} among those of all tensors. */
    Entry(Path file, String name, ElementType type, int[] shape, MemorySegment data, long begin) {
      super(file, name, type, shape, data, 0, rowMajor(shape));
      this.data = data;
      this.begin = begin;
    }

    /** The stored bytes: row-major, little-endian, read-only, gone when the file is closed. */
    public MemorySegment data() {
      return data;
    }

    long begin() {
      return begin;
    }

    long end() {
      return begin + data.byteSize();
    }
  }
}
