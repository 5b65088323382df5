package dev.azimuth.tensor;

/**
 * The sizes of a 2-D convolution.
 *
 * @param batch number of images N
 * @param height rows of the input H
 * @param width columns of the input W
 * @param inChannels channels of the input C
 * @param outChannels channels of the output O
 * @param kernelHeight rows of the kernel
 * @param kernelWidth columns of the kernel
 * @param stride step in both directions
 * @param padding zeros around the input
 * @param groups number of channel groups; divides C and O
 */
public record Conv2dGeometry(
    int batch,
    int height,
    int width,
    int inChannels,
    int outChannels,
    int kernelHeight,
    int kernelWidth,
    Stride stride,
    Padding padding,
    int groups) {

  /** Steps down and right. */
  public record Stride(int vertical, int horizontal) {
    /** The same step both ways. */
    public static Stride of(int stride) {
      return new Stride(stride, stride);
    }
  }

  /** Rows and columns of zeros added on each side. */
  public record Padding(int top, int bottom, int left, int right) {
    /** The same on all four sides. */
    public static Padding of(int padding) {
      return new Padding(padding, padding, padding, padding);
    }
  }

  /** Rows of the output. */
  public int outHeight() {
    return (height + padding.top + padding.bottom - kernelHeight) / stride.vertical + 1;
  }

  /** Columns of the output. */
  public int outWidth() {
    return (width + padding.left + padding.right - kernelWidth) / stride.horizontal + 1;
  }
}
