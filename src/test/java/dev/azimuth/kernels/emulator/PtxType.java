package dev.azimuth.kernels.emulator;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A fundamental type of PTX. */
enum PtxType {
  B8(1),
  U8(1),
  S8(1),
  B16(2),
  U16(2),
  S16(2),
  F16(2),
  BF16(2),
  B32(4),
  U32(4),
  S32(4),
  F32(4),
  F16X2(4),
  BF16X2(4),
  TF32(4),
  B64(8),
  U64(8),
  S64(8),
  F64(8),
  PRED(0);

  private final int bytes;

  PtxType(int bytes) {
    this.bytes = bytes;
  }

  /** The type of this name, without its point, or null. */
  static @Nullable PtxType named(String name) {
    for (PtxType type : values()) {
      if (type.name().toLowerCase(Locale.ROOT).equals(name)) {
        return type;
      }
    }
    return null;
  }

  int bytes() {
    return bytes;
  }

  int bits() {
    return 8 * bytes;
  }

  boolean wide() {
    return bytes == 8;
  }

  boolean signed() {
    return this == S8 || this == S16 || this == S32 || this == S64;
  }

  /** Whether values are integers or bits without meaning. */
  boolean integral() {
    return switch (this) {
      case B8, U8, S8, B16, U16, S16, B32, U32, S32, B64, U64, S64 -> true;
      case F16, BF16, F32, F16X2, BF16X2, TF32, F64, PRED -> false;
    };
  }
}
