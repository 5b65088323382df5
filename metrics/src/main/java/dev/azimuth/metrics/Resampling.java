package dev.azimuth.metrics;

/**
 * One channel of an 8-bit picture at another size, to the bit as a library of the published
 * protocols has it, rounding included.
 *
 * <p>A channel is {@code height · width} values from 0 to 255, row by row.
 */
public enum Resampling {
  /** Pillow's {@code Image.resize} with {@code BILINEAR}. */
  PIL_BILINEAR {
    @Override
    int[] resampled(Channel channel, int height, int width) {
      return PillowResampling.BILINEAR.resize(channel, height, width);
    }
  },

  /** Pillow's with {@code BICUBIC}. */
  PIL_BICUBIC {
    @Override
    int[] resampled(Channel channel, int height, int width) {
      return PillowResampling.BICUBIC.resize(channel, height, width);
    }
  },

  /** Pillow's with {@code LANCZOS}. */
  PIL_LANCZOS {
    @Override
    int[] resampled(Channel channel, int height, int width) {
      return PillowResampling.LANCZOS.resize(channel, height, width);
    }
  },

  /** OpenCV's {@code resize} with {@code INTER_AREA}. */
  CV_AREA {
    @Override
    int[] resampled(Channel channel, int height, int width) {
      return AreaResampling.resize(channel, height, width);
    }
  };

  /** A channel and its size. */
  @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
  record Channel(int[] values, int height, int width) {}

  abstract int[] resampled(Channel channel, int height, int width);

  /**
   * The channel of {@code height} rows and {@code width} columns at another size.
   *
   * @throws IllegalArgumentException if a size isn't positive or the values don't fill theirs
   */
  public int[] resize(int[] channel, int height, int width, int toHeight, int toWidth) {
    if (height < 1 || width < 1 || toHeight < 1 || toWidth < 1) {
      throw new IllegalArgumentException(
          "resampling: sizes must be positive; got %d x %d to %d x %d"
              .formatted(height, width, toHeight, toWidth));
    }
    if (channel.length != height * width) {
      throw new IllegalArgumentException(
          "resampling: %d x %d needs %d values, not %d"
              .formatted(height, width, height * width, channel.length));
    }
    return resampled(new Channel(channel, height, width), toHeight, toWidth);
  }
}
