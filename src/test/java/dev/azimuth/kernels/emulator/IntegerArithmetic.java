package dev.azimuth.kernels.emulator;

/** What PTX's integer instructions compute where Java's operators don't. */
final class IntegerArithmetic {
  private IntegerArithmetic() {}

  /** The value of a narrow integer that lies in a word's low bits. */
  static int extend(PtxType type, int bits) {
    return switch (type) {
      case S8 -> (byte) bits;
      case U8, B8 -> bits & 0xFF;
      case S16 -> (short) bits;
      case U16, B16 -> bits & 0xFFFF;
      default -> bits;
    };
  }

  /** A shift by 32 or more gives 0, not Java's shift by the remainder. */
  static int shl(int a, int n) {
    return n >>> 5 != 0 ? 0 : a << n;
  }

  static int shrUnsigned(int a, int n) {
    return n >>> 5 != 0 ? 0 : a >>> n;
  }

  static int shrSigned(int a, int n) {
    return a >> (n >>> 5 != 0 ? 31 : n);
  }

  static long shlLong(long a, int n) {
    return n >>> 6 != 0 ? 0 : a << n;
  }

  static long shrLongUnsigned(long a, int n) {
    return n >>> 6 != 0 ? 0 : a >>> n;
  }

  static long shrLongSigned(long a, int n) {
    return a >> (n >>> 6 != 0 ? 63 : n);
  }

  static int mulHigh(int a, int b) {
    return (int) (((long) a * b) >> 32);
  }

  static int mulHighUnsigned(int a, int b) {
    return (int) ((Integer.toUnsignedLong(a) * Integer.toUnsignedLong(b)) >>> 32);
  }

  static long mulWideUnsigned(int a, int b) {
    return Integer.toUnsignedLong(a) * Integer.toUnsignedLong(b);
  }

  // Division by zero has no defined result in PTX; the hardware gives all ones.

  static int div(int a, int b) {
    return b == 0 ? -1 : a / b;
  }

  static int divUnsigned(int a, int b) {
    return b == 0 ? -1 : Integer.divideUnsigned(a, b);
  }

  static int rem(int a, int b) {
    return b == 0 ? -1 : a % b;
  }

  static int remUnsigned(int a, int b) {
    return b == 0 ? -1 : Integer.remainderUnsigned(a, b);
  }

  static long divLong(long a, long b) {
    return b == 0 ? -1 : a / b;
  }

  static long divLongUnsigned(long a, long b) {
    return b == 0 ? -1 : Long.divideUnsigned(a, b);
  }

  static long remLong(long a, long b) {
    return b == 0 ? -1 : a % b;
  }

  static long remLongUnsigned(long a, long b) {
    return b == 0 ? -1 : Long.remainderUnsigned(a, b);
  }

  static int minUnsigned(int a, int b) {
    return Integer.compareUnsigned(a, b) < 0 ? a : b;
  }

  static int maxUnsigned(int a, int b) {
    return Integer.compareUnsigned(a, b) > 0 ? a : b;
  }

  static long minLongUnsigned(long a, long b) {
    return Long.compareUnsigned(a, b) < 0 ? a : b;
  }

  static long maxLongUnsigned(long a, long b) {
    return Long.compareUnsigned(a, b) > 0 ? a : b;
  }

  /** {@code bfe}: {@code length} bits of {@code a} from {@code position} on. */
  static long extract(long a, int position, int length, int width, boolean signed) {
    int from = position & 0xFF;
    int count = length & 0xFF;
    int last = Math.min(from + count - 1, width - 1);
    long sign = signed && count > 0 ? (a >>> last) & 1 : 0;
    long result = 0;
    for (int i = 0; i < width; i++) {
      long bit = i < count && from + i < width ? (a >>> (from + i)) & 1 : sign;
      result |= bit << i;
    }
    return result;
  }

  /** {@code bfi}: {@code b} with {@code length} low bits of {@code a} at {@code position}. */
  static long insert(long a, long b, int position, int length, int width) {
    int from = position & 0xFF;
    int count = length & 0xFF;
    long result = b;
    for (int i = 0; i < count && from + i < width; i++) {
      long bit = 1L << (from + i);
      result = ((a >>> i) & 1) != 0 ? result | bit : result & ~bit;
    }
    return result;
  }

  /** {@code prmt} without a mode: bytes of {@code b:a} by the nibbles of {@code selector}. */
  static int permute(int a, int b, int selector) {
    long bytes = Integer.toUnsignedLong(a) | ((long) b << 32);
    int result = 0;
    for (int i = 0; i < 4; i++) {
      int nibble = selector >>> (4 * i);
      int value = (int) (bytes >>> (8 * (nibble & 7))) & 0xFF;
      if ((nibble & 8) != 0) {
        value = (value & 0x80) != 0 ? 0xFF : 0;
      }
      result |= value << (8 * i);
    }
    return result;
  }

  /** {@code lop3}: for each bit the entry of the table that the three bits name. */
  static int lookUp(int a, int b, int c, int table) {
    int result = 0;
    for (int i = 0; i < 8; i++) {
      if ((table >>> i & 1) != 0) {
        result |= ((i & 4) != 0 ? a : ~a) & ((i & 2) != 0 ? b : ~b) & ((i & 1) != 0 ? c : ~c);
      }
    }
    return result;
  }

  /** {@code shf.l}: the upper half of {@code b:a} shifted left. */
  static int funnelLeft(int a, int b, int n, boolean clamp) {
    int count = clamp ? (int) Math.min(Integer.toUnsignedLong(n), 32) : n & 31;
    long both = Integer.toUnsignedLong(a) | ((long) b << 32);
    return (int) ((both << count) >>> 32);
  }

  /** {@code shf.r}: the lower half of {@code b:a} shifted right. */
  static int funnelRight(int a, int b, int n, boolean clamp) {
    int count = clamp ? (int) Math.min(Integer.toUnsignedLong(n), 32) : n & 31;
    long both = Integer.toUnsignedLong(a) | ((long) b << 32);
    return (int) (both >>> count);
  }

  /** {@code bfind}: the place of the highest bit that differs from the sign, or all ones. */
  static int highestBit(int a, boolean signed) {
    int bits = signed && a < 0 ? ~a : a;
    return bits == 0 ? -1 : 31 - Integer.numberOfLeadingZeros(bits);
  }
}
