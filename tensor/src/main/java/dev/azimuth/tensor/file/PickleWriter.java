package dev.azimuth.tensor.file;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Writes a pickle of protocol 2, instruction by instruction. A class or text that was written
 * before is recalled instead. Source: {@code Lib/pickletools.py}.
 */
final class PickleWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Map<String, Integer> memo = new HashMap<>();

  PickleWriter() {
    opcode(0x80).out.write(2);
  }

  /** The whole pickle, with its end. */
  byte[] end() {
    return opcode('.').out.toByteArray();
  }

  /** An instruction without operands. */
  PickleWriter opcode(int opcode) {
    out.write(opcode);
    return this;
  }

  PickleWriter mark() {
    return opcode('(');
  }

  PickleWriter emptyDict() {
    return opcode('}');
  }

  PickleWriter emptyTuple() {
    return opcode(')');
  }

  /** Makes a tuple of what lies above the mark. */
  PickleWriter tuple() {
    return opcode('t');
  }

  /** Sets the keys and values above the mark in the dictionary below it. */
  PickleWriter setItems() {
    return opcode('u');
  }

  /** Calls a class or function with a tuple. */
  PickleWriter reduce() {
    return opcode('R');
  }

  /** Turns a tuple into what it stands for in the file. */
  PickleWriter persistent() {
    return opcode('Q');
  }

  PickleWriter bool(boolean value) {
    return opcode(value ? 0x88 : 0x89);
  }

  PickleWriter integer(long value) {
    if (value >= 0 && value <= 0xFF) {
      return opcode('K').put(1, value);
    }
    if (value >= 0 && value <= 0xFFFF) {
      return opcode('M').put(2, value);
    }
    if (value == (int) value) {
      return opcode('J').put(4, value);
    }
    return opcode(0x8a).opcode(Long.BYTES).put(Long.BYTES, value);
  }

  PickleWriter number(double value) {
    return opcode('G').put(Long.BYTES, Long.reverseBytes(Double.doubleToRawLongBits(value)));
  }

  PickleWriter text(String text) {
    String key = "text " + text;
    if (!recall(key)) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      opcode('X').put(4, utf8.length).out.writeBytes(utf8);
      remember(key);
    }
    return this;
  }

  PickleWriter global(String module, String name) {
    String lines = module + "\n" + name + "\n";
    String key = "global " + lines;
    if (!recall(key)) {
      opcode('c').out.writeBytes(lines.getBytes(StandardCharsets.US_ASCII));
      remember(key);
    }
    return this;
  }

  private boolean recall(String key) {
    Integer index = memo.get(key);
    if (index == null) {
      return false;
    }
    boolean small = index <= 0xFF;
    opcode(small ? 'h' : 'j').put(small ? 1 : 4, index);
    return true;
  }

  private void remember(String key) {
    int index = memo.size();
    boolean small = index <= 0xFF;
    opcode(small ? 'q' : 'r').put(small ? 1 : 4, index);
    memo.put(key, index);
  }

  /** The value's lower bytes, little-endian. */
  private PickleWriter put(int bytes, long value) {
    ByteBuffer all = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(all.putLong(value).array(), 0, bytes);
    return this;
  }
}
