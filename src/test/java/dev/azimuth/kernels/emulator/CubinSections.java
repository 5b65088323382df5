package dev.azimuth.kernels.emulator;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The sections of an assembled module, which is a little-endian ELF file of 64 bits. */
final class CubinSections {
  private static final int SECTIONS_AT = 0x28;
  private static final int SECTION_BYTES = 0x3A;
  private static final int SECTION_COUNT = 0x3C;
  private static final int NAMES_INDEX = 0x3E;
  private static final int OFFSET = 0x18;
  private static final int SIZE = 0x20;

  private CubinSections() {}

  /** Each section's bytes by its name, such as {@code .text.f} for the code of f. */
  static Map<String, Long> sizes(byte[] cubin) {
    ByteBuffer elf = ByteBuffer.wrap(cubin).order(ByteOrder.LITTLE_ENDIAN);
    int first = (int) elf.getLong(SECTIONS_AT);
    int bytes = elf.getShort(SECTION_BYTES);
    int names = (int) elf.getLong(first + elf.getShort(NAMES_INDEX) * bytes + OFFSET);
    Map<String, Long> sizes = new LinkedHashMap<>();
    for (int i = 0; i < elf.getShort(SECTION_COUNT); i++) {
      int section = first + i * bytes;
      sizes.put(text(cubin, names + elf.getInt(section)), elf.getLong(section + SIZE));
    }
    return sizes;
  }

  private static String text(byte[] cubin, int from) {
    int end = from;
    while (cubin[end] != 0) {
      end++;
    }
    return new String(cubin, from, end - from, StandardCharsets.UTF_8);
  }
}
