package dev.azimuth.tensor.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The bytes of a pickle, front to back; whatever would go past their end is refused. */
final class PickleInput {
  /** More than any line of a pickle has: names, and numbers in digits. */
  private static final int MAX_LINE = 1 << 12;

  private static final ValueLayout.OfDouble BIG_ENDIAN_DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final Path file;
  private final String what;
  private final MemorySegment bytes;
  private final MemoryBudget budget;
  private long at;

  /**
   * @param file for messages
   * @param what the part of the file that is read, for messages
   * @param budget pays for what is copied
   */
  PickleInput(Path file, String what, MemorySegment bytes, MemoryBudget budget) {
    this.file = file;
    this.what = what;
    this.bytes = bytes;
    this.budget = budget;
  }

  MemoryBudget budget() {
    return budget;
  }

  /** The number of bytes before the next. */
  long position() {
    return at;
  }

  int u1() throws FileFormatException {
    return bytes.get(ElementType.BYTE, advance(1)) & 0xFF;
  }

  int u2() throws FileFormatException {
    return bytes.get(ElementType.SHORT, advance(2)) & 0xFFFF;
  }

  int i4() throws FileFormatException {
    return bytes.get(ElementType.INT, advance(4));
  }

  long u4() throws FileFormatException {
    return i4() & 0xFFFF_FFFFL;
  }

  /** Eight bytes; as a length, negative where it is beyond 2^63 - 1. */
  long i8() throws FileFormatException {
    return bytes.get(ElementType.LONG, advance(8));
  }

  double f8() throws FileFormatException {
    return bytes.get(BIG_ENDIAN_DOUBLE, advance(8));
  }

  /** The next bytes, copied. */
  byte[] bytes(long length) throws FileFormatException {
    long from = advance(length);
    if (length > Extents.MAX_ARRAY) {
      throw refuse(length + " bytes are more than one array can hold");
    }
    budget.take(MemoryBudget.OBJECT + length);
    byte[] copy = new byte[(int) length];
    MemorySegment.copy(bytes, ElementType.BYTE, from, copy, 0, copy.length);
    return copy;
  }

  /** The next bytes as UTF-8; what is none turns into the replacement character. */
  String utf8(long length) throws FileFormatException {
    byte[] text = bytes(length);
    boolean ascii = true;
    for (byte b : text) {
      ascii &= b >= 0;
    }
    // what is not ASCII is decoded into a larger array, then cut to its letters
    budget.take(ascii ? MemoryBudget.OBJECT + length : 2L * MemoryBudget.OBJECT + 4 * length);
    return new String(text, StandardCharsets.UTF_8);
  }

  /** The next bytes as Latin-1, in which Python 2 wrote its names. */
  String latin1(long length) throws FileFormatException {
    budget.take(MemoryBudget.OBJECT + length);
    return new String(bytes(length), StandardCharsets.ISO_8859_1);
  }

  /** The bytes before the next line feed, which is consumed, as UTF-8. */
  String line() throws FileFormatException {
    long end = at;
    while (end < bytes.byteSize() && bytes.get(ElementType.BYTE, end) != '\n') {
      if (++end - at > MAX_LINE) {
        throw refuse("line of more than " + MAX_LINE + " bytes");
      }
    }
    String text = utf8(end - at);
    advance(1);
    return text;
  }

  /** Goes past bytes without reading them. */
  void skip(long length) throws FileFormatException {
    advance(length);
  }

  /** The next bytes, still in the file. */
  MemorySegment slice(long length) throws FileFormatException {
    return bytes.asSlice(advance(length), length);
  }

  private long advance(long length) throws FileFormatException {
    long left = bytes.byteSize() - at;
    if (length < 0 || length > left) {
      throw refuse(
          "truncated or malformed: %s bytes expected, %d left"
              .formatted(Long.toUnsignedString(length), left));
    }
    at += length;
    return at - length;
  }

  /** What stands at the current place is not what it should be. */
  FileFormatException refuse(String reason) {
    return new FileFormatException(file, "%s: %s, at byte %d".formatted(what, reason, at));
  }
}
