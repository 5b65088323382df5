package dev.azimuth.kernels.emulator;

import org.jspecify.annotations.Nullable;

/** The read-only registers that tell a thread where it is. */
enum SpecialRegister {
  TID_X("%tid.x"),
  TID_Y("%tid.y"),
  TID_Z("%tid.z"),
  NTID_X("%ntid.x"),
  NTID_Y("%ntid.y"),
  NTID_Z("%ntid.z"),
  CTAID_X("%ctaid.x"),
  CTAID_Y("%ctaid.y"),
  CTAID_Z("%ctaid.z"),
  NCTAID_X("%nctaid.x"),
  NCTAID_Y("%nctaid.y"),
  NCTAID_Z("%nctaid.z"),
  LANEID("%laneid"),
  WARPSIZE("WARP_SZ"),
  LANEMASK_LT("%lanemask_lt"),
  LANEMASK_LE("%lanemask_le"),
  LANEMASK_EQ("%lanemask_eq"),
  LANEMASK_GE("%lanemask_ge"),
  LANEMASK_GT("%lanemask_gt");

  private final String word;

  SpecialRegister(String word) {
    this.word = word;
  }

  static @Nullable SpecialRegister named(String word) {
    for (SpecialRegister register : values()) {
      if (register.word.equals(word)) {
        return register;
      }
    }
    return null;
  }
}
