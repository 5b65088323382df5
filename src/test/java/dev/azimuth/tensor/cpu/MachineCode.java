package dev.azimuth.tensor.cpu;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What C2 made of a method, read from what a JVM prints for {@code -XX:CompileCommand=print}. It
 * prints bytes where it has no disassembler.
 */
@SuppressWarnings("ArrayRecordComponent") // read once, never compared
record MachineCode(String method, byte[] code) {
  private static final Pattern HEADER =
      Pattern.compile("Compiled method \\(c2\\).*? ([\\w.$]+::\\w+) \\(\\d+ bytes\\)");
  private static final Pattern BYTES = Pattern.compile("\\s*0x[0-9a-f]+: +([0-9a-f |]+)");

  /** Every method that C2 compiled, in order; a method compiled again comes again. */
  static List<MachineCode> read(List<String> printed) {
    List<MachineCode> methods = new ArrayList<>();
    String method = "";
    ByteArrayOutputStream code = new ByteArrayOutputStream();
    boolean isInside = false;
    for (String line : printed) {
      Matcher header = HEADER.matcher(line);
      if (header.find()) {
        method = header.group(1);
      } else if (line.contains("[MachCode]")) {
        isInside = true;
        code.reset();
      } else if (line.contains("[/MachCode]")) {
        isInside = false;
        if (!method.isEmpty()) {
          methods.add(new MachineCode(method, code.toByteArray()));
        }
        method = "";
      } else if (isInside) {
        Matcher bytes = BYTES.matcher(line);
        if (bytes.lookingAt()) {
          code.writeBytes(HexFormat.of().parseHex(bytes.group(1).replaceAll("[ |]", "")));
        }
      }
    }
    return methods;
  }

  /**
   * Loads of whole vectors from the stack, [rsp + displacement]. A value that is kept there in a
   * loop comes back by one; stores alone only prepare a way out that is never taken. They are told
   * by their bytes (Intel SDM volume 2, 2.3 and 2.7): a VEX or EVEX prefix of a vector move, its
   * opcode, a ModRM byte that asks for a SIB byte, and the SIB byte of rsp without an index.
   */
  int vectorReloads() {
    int reloads = 0;
    for (int i = 0; i + 6 < code.length; i++) {
      int prefix = code[i] & 0xff;
      int length =
          switch (prefix) {
            case 0xC5 -> 2;
            case 0xC4 -> isMap0F(code[i + 1], 0x1f) ? 3 : 0;
            case 0x62 -> isMap0F(code[i + 1], 0x07) ? 4 : 0;
            default -> 0;
          };
      if (length > 0
          && isVectorLoad(code[i + length] & 0xff, simdPrefix(i, length))
          && isStack(code[i + length + 1] & 0xff, code[i + length + 2] & 0xff)) {
        reloads++;
      }
    }
    return reloads;
  }

  /** Opcode map 0F, and a base register below r8, as rsp is: the bit B is stored inverted. */
  private static boolean isMap0F(byte second, int mask) {
    return (second & mask) == 1 && (second & 0x20) != 0;
  }

  /** The prefix that VEX and EVEX hold in two bits: none, 66, F3, F2. */
  private int simdPrefix(int at, int length) {
    return code[at + (length == 2 ? 1 : 2)] & 3;
  }

  /** movups, movaps and their doubles' twins; movdqa and movdqu; no loads of scalars. */
  private static boolean isVectorLoad(int opcode, int simdPrefix) {
    return switch (opcode) {
      case 0x10, 0x28 -> simdPrefix < 2;
      case 0x6F -> simdPrefix != 0;
      default -> false;
    };
  }

  private static boolean isStack(int modRm, int sib) {
    return (modRm & 7) == 4 && modRm >>> 6 != 3 && sib == 0x24;
  }
}
