package dev.azimuth.tensor.file;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The entries of a zip whose content lies in it as it is, so that it can be mapped. Read are the
 * directory and the headers; ZIP64 too, since checkpoints exceed 4 GiB.
 *
 * <p>Refused are: entries that overlap, have one name or lie outside the file, and archives in
 * parts; an entry that is compressed or encrypted only when it is asked for. Checksums are not
 * verified, which would read everything; PyTorch can write files without them. Source: PKWARE's
 * APPNOTE, sections 4.3 to 4.5.
 */
final class StoredZip {
  static final int LOCAL_SIGNATURE = 0x04034b50;
  static final int CENTRAL_SIGNATURE = 0x02014b50;
  static final int END_SIGNATURE = 0x06054b50;
  static final int END64_SIGNATURE = 0x06064b50;
  static final int LOCATOR64_SIGNATURE = 0x07064b50;
  static final int DESCRIPTOR_SIGNATURE = 0x08074b50;
  static final int LOCAL_BYTES = 30;
  static final int CENTRAL_BYTES = 46;
  static final int END_BYTES = 22;
  static final int END64_BYTES = 56;
  static final int LOCATOR64_BYTES = 20;

  /** The tag of the extra field with sizes and offsets beyond 32 bits, which then are all ones. */
  static final int EXTRA64 = 1;

  static final long MAX32 = 0xFFFF_FFFFL;
  static final int MAX16 = 0xFFFF;

  private static final int ENCRYPTED = 1;

  private final Path file;
  private final MemorySegment whole;
  private final MemoryBudget budget;
  private final Map<String, Entry> entries = new HashMap<>();

  /** One file of the archive: its local header begins at {@code header}, its content at data. */
  private record Entry(String name, boolean plain, long header, long data, long length) {}

  private StoredZip(Path file, MemorySegment whole, MemoryBudget budget) {
    this.file = file;
    this.whole = whole;
    this.budget = budget;
  }

  /** Whether a file begins as a zip with an entry does. */
  static boolean begins(MemorySegment whole) {
    return whole.byteSize() >= 4 && whole.get(ElementType.INT, 0) == LOCAL_SIGNATURE;
  }

  /**
   * Reads the directory.
   *
   * @throws FileFormatException if it is malformed or truncated
   */
  static StoredZip read(Path file, MemorySegment whole, MemoryBudget budget)
      throws FileFormatException {
    StoredZip zip = new StoredZip(file, whole, budget);
    zip.readDirectory(zip.findEnd());
    zip.checkOverlaps();
    return zip;
  }

  Set<String> names() {
    return entries.keySet();
  }

  /**
   * The content of an entry; null if there is none of that name.
   *
   * @throws FileFormatException if it is compressed or encrypted
   */
  @Nullable MemorySegment content(String name) throws FileFormatException {
    Entry entry = entries.get(name);
    if (entry == null) {
      return null;
    }
    if (!entry.plain) {
      throw refuse(
          "its entry %s is compressed or encrypted; PyTorch stores entries as they are"
              .formatted(Quoted.of(name)));
    }
    return whole.asSlice(entry.data, entry.length);
  }

  /** The last record, before which a comment may stand. */
  private long findEnd() throws FileFormatException {
    long size = whole.byteSize();
    for (long at = size - END_BYTES; at >= Math.max(0, size - END_BYTES - MAX16); at--) {
      if (u4(at) == END_SIGNATURE && at + END_BYTES + u2(at + 20) == size) {
        return at;
      }
    }
    throw refuse("truncated: the zip's directory, which stands at the end, is not there");
  }

  private void readDirectory(long end) throws FileFormatException {
    long count = u2(end + 10);
    long size = u4(end + 12);
    long begin = u4(end + 16);
    long limit = end;
    if (end >= LOCATOR64_BYTES && u4(end - LOCATOR64_BYTES) == LOCATOR64_SIGNATURE) {
      limit = i8(end - LOCATOR64_BYTES + 8);
      if (limit < 0
          || limit > end - LOCATOR64_BYTES - END64_BYTES
          || u4(limit) != END64_SIGNATURE) {
        throw refuse("the zip's directory is malformed");
      }
      count = i8(limit + 32);
      size = i8(limit + 40);
      begin = i8(limit + 48);
    }
    if (begin < 0 || size < 0 || begin > limit || size > limit - begin) {
      throw refuse(
          "the zip's directory is malformed: %d bytes at %d in a file of %d"
              .formatted(size, begin, whole.byteSize()));
    }
    if (count < 0 || count > size / CENTRAL_BYTES) {
      throw refuse("the zip's directory has %d bytes for %d entries".formatted(size, count));
    }
    long at = begin;
    for (long i = 0; i < count; i++) {
      at = readEntry(at, begin + size, begin);
    }
  }

  /** Reads the directory's record of an entry, whose content must end before {@code limit}. */
  private long readEntry(long at, long end, long limit) throws FileFormatException {
    if (end - at < CENTRAL_BYTES || u4(at) != CENTRAL_SIGNATURE) {
      throw refuse("the zip's directory is malformed at byte " + at);
    }
    int nameBytes = u2(at + 28);
    int extraBytes = u2(at + 30);
    long next = at + CENTRAL_BYTES + nameBytes + extraBytes + u2(at + 32);
    if (next > end) {
      throw refuse("the zip's directory is malformed at byte " + at);
    }
    budget.take(3L * MemoryBudget.MAP_ENTRY + 2L * nameBytes);
    String name = text(at + CENTRAL_BYTES, nameBytes);
    long length = u4(at + 24);
    long stored = u4(at + 20);
    long header = u4(at + 42);
    long extra = at + CENTRAL_BYTES + nameBytes;
    if (length == MAX32 || stored == MAX32 || header == MAX32) {
      long wide = find64(extra, extra + extraBytes);
      long wideEnd = wide < 0 ? -1 : wide + u2(wide - 2);
      if (length == MAX32) {
        length = wide64(name, wide, wideEnd);
        wide += Long.BYTES;
      }
      if (stored == MAX32) {
        stored = wide64(name, wide, wideEnd);
        wide += Long.BYTES;
      }
      header = header == MAX32 ? wide64(name, wide, wideEnd) : header;
    }
    boolean plain = u2(at + 10) == 0 && (u2(at + 8) & ENCRYPTED) == 0;
    if (plain && length != stored) {
      throw refuse(
          "its entry %s has %d bytes stored for %d".formatted(Quoted.of(name), stored, length));
    }
    long data = dataOf(name, header, nameBytes, limit);
    if (stored < 0 || stored > limit - data) {
      throw refuse(
          "its entry %s of %d bytes at %d goes beyond the file's content, or the file is truncated"
              .formatted(Quoted.of(name), stored, data));
    }
    if (entries.put(name, new Entry(name, plain, header, data, stored)) != null) {
      throw refuse("its entry " + Quoted.of(name) + " is there twice");
    }
    return next;
  }

  /** Where the content begins: behind the entry's own header, whose extra field may differ. */
  private long dataOf(String name, long header, int nameBytes, long limit)
      throws FileFormatException {
    boolean inside = header >= 0 && header <= limit - LOCAL_BYTES - nameBytes;
    if (!inside || u4(header) != LOCAL_SIGNATURE) {
      throw refuse("its entry %s has no header at byte %d".formatted(Quoted.of(name), header));
    }
    budget.take(MemoryBudget.OBJECT + 2L * nameBytes);
    if (u2(header + 26) != nameBytes || !text(header + LOCAL_BYTES, nameBytes).equals(name)) {
      throw refuse("its entry %s has another name in its header".formatted(Quoted.of(name)));
    }
    return header + LOCAL_BYTES + nameBytes + u2(header + 28);
  }

  /** Where the values of the ZIP64 field begin; -1 if there is none. */
  private long find64(long from, long end) {
    for (long at = from; at + 4 <= end; at += 4L + u2(at + 2)) {
      if (u2(at) == EXTRA64 && at + 4 + u2(at + 2) <= end) {
        return at + 4;
      }
    }
    return -1;
  }

  private long wide64(String name, long at, long end) throws FileFormatException {
    if (at < 0 || end - at < Long.BYTES) {
      throw refuse("its entry %s lacks its size beyond 32 bits".formatted(Quoted.of(name)));
    }
    return i8(at);
  }

  private void checkOverlaps() throws FileFormatException {
    budget.take((long) MemoryBudget.SLOT * entries.size());
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingLong(Entry::header));
    for (int i = 1; i < sorted.size(); i++) {
      Entry before = sorted.get(i - 1);
      if (before.data + before.length > sorted.get(i).header) {
        throw refuse(
            "its entries %s and %s overlap"
                .formatted(Quoted.of(before.name), Quoted.of(sorted.get(i).name)));
      }
    }
  }

  private String text(long at, int length) {
    byte[] bytes = whole.asSlice(at, length).toArray(ElementType.BYTE);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private int u2(long at) {
    return whole.get(ElementType.SHORT, at) & 0xFFFF;
  }

  private long u4(long at) {
    return whole.get(ElementType.INT, at) & MAX32;
  }

  private long i8(long at) {
    return whole.get(ElementType.LONG, at);
  }

  private FileFormatException refuse(String reason) {
    return new FileFormatException(file, reason);
  }
}
