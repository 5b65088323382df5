package dev.azimuth.kernels.emulator;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A stretch of emulated memory that knows which of its bytes were written. */
final class Region {
  static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** No byte of any variable. */
  static final byte GAP = 0;

  static final byte WRITTEN = 1;
  static final byte UNWRITTEN = 2;

  private static final byte POISON = (byte) 0xFF; // as float32 and float64, a NaN
  private static final long ALL_WRITTEN = 0x0101010101010101L;

  final String name;
  final long base;
  final int size;
  final byte[] data;
  final byte[] state;
  private boolean freed;

  Region(String name, long base, int size) {
    this.name = name;
    this.base = base;
    this.size = size;
    this.data = new byte[size];
    this.state = new byte[size];
    poison(0, size);
  }

  /** Makes the bytes unwritten. */
  void poison(int from, int to) {
    Arrays.fill(data, from, to, POISON);
    Arrays.fill(state, from, to, UNWRITTEN);
  }

  void free() {
    freed = true;
  }

  boolean freed() {
    return freed;
  }

  /** Whether all bytes of an aligned access were written. */
  boolean written(int offset, int bytes) {
    return switch (bytes) {
      case 1 -> state[offset] == WRITTEN;
      case 2 -> (short) SHORT.get(state, offset) == (short) ALL_WRITTEN;
      case 4 -> (int) INT.get(state, offset) == (int) ALL_WRITTEN;
      case 8 -> (long) LONG.get(state, offset) == ALL_WRITTEN;
      default ->
          (long) LONG.get(state, offset) == ALL_WRITTEN
              && (long) LONG.get(state, offset + 8) == ALL_WRITTEN;
    };
  }

  /** Whether any byte of an access lies between variables. */
  boolean inGap(int offset, int bytes) {
    for (int i = offset; i < offset + bytes; i++) {
      if (state[i] == GAP) {
        return true;
      }
    }
    return false;
  }

  void markWritten(int offset, int bytes) {
    switch (bytes) {
      case 1 -> state[offset] = WRITTEN;
      case 2 -> SHORT.set(state, offset, (short) ALL_WRITTEN);
      case 4 -> INT.set(state, offset, (int) ALL_WRITTEN);
      case 8 -> LONG.set(state, offset, ALL_WRITTEN);
      default -> {
        LONG.set(state, offset, ALL_WRITTEN);
        LONG.set(state, offset + 8, ALL_WRITTEN);
      }
    }
  }

  /** The bits of an element of 1, 2, 4 or 8 bytes, zero-extended. */
  long get(int offset, int bytes) {
    return switch (bytes) {
      case 1 -> data[offset] & 0xFFL;
      case 2 -> (short) SHORT.get(data, offset) & 0xFFFFL;
      case 4 -> (int) INT.get(data, offset) & 0xFFFFFFFFL;
      default -> (long) LONG.get(data, offset);
    };
  }

  void put(int offset, int bytes, long bits) {
    switch (bytes) {
      case 1 -> data[offset] = (byte) bits;
      case 2 -> SHORT.set(data, offset, (short) bits);
      case 4 -> INT.set(data, offset, (int) bits);
      default -> LONG.set(data, offset, bits);
    }
  }
}
