package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.file.BFloat16;
import dev.azimuth.tensor.file.ElementType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor that is about to be written: what a header needs to know, and its content, which is
 * asked for once, when its turn comes.
 *
 * @param name with the part in front in a layout of several files
 * @param content its numbers, little-endian
 */
record OutgoingTensor(String name, Shape shape, ElementType type, Content content) {
  /** Reads, and where need be reorders and rounds, a tensor. */
  @FunctionalInterface
  interface Content {
    byte[] bytes() throws IOException;
  }

  /** The same tensor without the part in front of its name. */
  OutgoingTensor without(String part) {
    return new OutgoingTensor(name.substring(part.length()), shape, type, content);
  }

  /**
   * Numbers as they are stored in F32, F16 or BF16, rounded to nearest.
   *
   * @param name the tensor's, for the message
   * @throws IllegalArgumentException if a finite number is beyond the range of the type
   */
  static byte[] rounded(String name, float[] values, ElementType type) {
    byte[] bytes = new byte[values.length * type.bytes()];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      float kept = value;
      switch (type) {
        case F32 -> buffer.putFloat(value);
        case F16 -> {
          short half = Float.floatToFloat16(value);
          buffer.putShort(half);
          kept = Float.float16ToFloat(half);
        }
        case BF16 -> {
          short half = BFloat16.fromFloat(value);
          buffer.putShort(half);
          kept = BFloat16.toFloat(half);
        }
        default -> throw new IllegalArgumentException("weights are not stored as " + type);
      }
      if (Float.isInfinite(kept) && Float.isFinite(value)) {
        throw new IllegalArgumentException(
            "%s: %s is beyond the range of %s".formatted(name, value, type));
      }
    }
    return bytes;
  }
}
