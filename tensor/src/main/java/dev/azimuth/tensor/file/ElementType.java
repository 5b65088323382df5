package dev.azimuth.tensor.file;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.nio.ByteOrder;

/** How a tensor file stores one number; little-endian, named as in safetensors. */
public enum ElementType {
  F64(8),
  F32(4),
  F16(2),
  BF16(2),
  I64(8),
  I32(4),
  I16(2),
  I8(1),
  U64(8),
  U32(4),
  U16(2),
  U8(1),
  BOOL(1);

  // unaligned: nothing obliges a header to end at a multiple of eight
  static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int bytes;

  ElementType(int bytes) {
    this.bytes = bytes;
  }

  /** The size of one number in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether it is one of the floating-point types. */
  public boolean isFloatingPoint() {
    return switch (this) {
      case F64, F32, F16, BF16 -> true;
      default -> false;
    };
  }

  /** Number {@code i} of {@code data}; integers beyond 2^53 are rounded, BOOL is 0 or 1. */
  double toDouble(MemorySegment data, long i) {
    return switch (this) {
      case F64 -> data.getAtIndex(DOUBLE, i);
      case F32 -> data.getAtIndex(FLOAT, i);
      case F16 -> Float.float16ToFloat(data.getAtIndex(SHORT, i));
      case BF16 -> BFloat16.toFloat(data.getAtIndex(SHORT, i));
      case U64 -> unsignedToDouble(data.getAtIndex(LONG, i));
      default -> toLong(data, i);
    };
  }

  /** Number {@code i} of {@code data}, an integer type; U64 beyond 2^63 turns negative. */
  long toLong(MemorySegment data, long i) {
    return switch (this) {
      case I64, U64 -> data.getAtIndex(LONG, i);
      case I32 -> data.getAtIndex(INT, i);
      case U32 -> Integer.toUnsignedLong(data.getAtIndex(INT, i));
      case I16 -> data.getAtIndex(SHORT, i);
      case U16 -> Short.toUnsignedLong(data.getAtIndex(SHORT, i));
      case I8 -> data.get(BYTE, i);
      case U8 -> Byte.toUnsignedLong(data.get(BYTE, i));
      case BOOL -> data.get(BYTE, i) == 0 ? 0 : 1;
      case F64, F32, F16, BF16 -> throw new IllegalArgumentException(this + " is no integer type");
    };
  }

  /** Whether an integer can be stored in this type, an integer type, without loss. */
  boolean holds(long value) {
    return switch (this) {
      case I64 -> true;
      case I32 -> value == (int) value;
      case I16 -> value == (short) value;
      case I8 -> value == (byte) value;
      case U64 -> value >= 0;
      case U32 -> value >>> 32 == 0;
      case U16 -> value >>> 16 == 0;
      case U8 -> value >>> 8 == 0;
      case BOOL -> value >>> 1 == 0;
      case F64, F32, F16, BF16 -> false;
    };
  }

  private static double unsignedToDouble(long bits) {
    return bits >= 0 ? bits : new BigInteger(Long.toUnsignedString(bits)).doubleValue();
  }
}
