package dev.azimuth.views;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * The frame of a PNG file: signature, chunks with their check sums, the end mark. The JDK's decoder
 * checks no sums and may hand out a part of a truncated picture.
 */
final class Png {
  private static final byte[] SIGNATURE = {(byte) 137, 80, 78, 71, 13, 10, 26, 10};

  private Png() {}

  static boolean isPng(byte[] bytes) {
    return bytes.length >= SIGNATURE.length
        && Arrays.equals(bytes, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length);
  }

  static void check(byte[] bytes, String name) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(bytes).position(SIGNATURE.length);
    while (in.remaining() >= 12) {
      int length = in.getInt();
      if (length < 0 || length > in.remaining() - 8) {
        throw new IOException(name + ": truncated PNG");
      }
      int start = in.position();
      String type = new String(bytes, start, 4, StandardCharsets.ISO_8859_1);
      CRC32 sum = new CRC32();
      sum.update(bytes, start, 4 + length);
      in.position(start + 4 + length);
      if (in.getInt() != (int) sum.getValue()) {
        throw new IOException(name + ": damaged PNG, the check sum of its " + type + " is wrong");
      }
      if (type.equals("IEND")) {
        return;
      }
    }
    throw new IOException(name + ": truncated PNG, no end mark");
  }
}
