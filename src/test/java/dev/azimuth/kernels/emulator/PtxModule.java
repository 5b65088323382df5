package dev.azimuth.kernels.emulator;

import java.util.List;

/** PTX as parsed: its kernels and the variables outside them. */
record PtxModule(List<PtxKernel> kernels, List<PtxKernel.Variable> variables) {
  static PtxModule parse(String text) {
    return new PtxParser(text).module();
  }
}
