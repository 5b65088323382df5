package dev.azimuth.views;

import dev.azimuth.tensor.file.AtomicFile;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * A picture: sRGB-encoded colour with straight (not premultiplied) alpha, each in [0, 1].
 *
 * <p>{@link #rgba()} is row-major, channels last: {@code rgba[(y * width + x) * 4 + channel]}, the
 * top row first.
 */
public final class Image {
  /** The largest picture that is decoded: 64 million pixels, 1 GiB as floats. */
  public static final long MAX_PIXELS = 1L << 26;

  private static final long MAX_FILE_BYTES = 1L << 29;

  private final int width;
  private final int height;
  private final float[] rgba;

  /**
   * Wraps pixels without copying them.
   *
   * @throws IllegalArgumentException unless both sides are positive and {@code rgba} holds {@code
   *     width * height * 4} numbers
   */
  public Image(int width, int height, float[] rgba) {
    if (width <= 0 || height <= 0 || (long) width * height > MAX_PIXELS) {
      throw new IllegalArgumentException(
          "image: sides must be positive and at most "
              + MAX_PIXELS
              + " pixels in all; got "
              + width
              + " x "
              + height);
    }
    if (rgba.length != width * height * 4) {
      throw new IllegalArgumentException(
          "image: %d x %d RGBA needs %d numbers; got %d"
              .formatted(width, height, width * height * 4, rgba.length));
    }
    this.width = width;
    this.height = height;
    this.rgba = rgba;
  }

  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  /** The pixels themselves, not a copy. */
  public float[] rgba() {
    return rgba;
  }

  /** One channel (0 red, 1 green, 2 blue, 3 alpha) of one pixel. */
  public float at(int x, int y, int channel) {
    if (x < 0 || x >= width || y < 0 || y >= height || channel < 0 || channel > 3) {
      throw new IndexOutOfBoundsException(
          "image: no pixel (%d, %d) channel %d in %d x %d".formatted(x, y, channel, width, height));
    }
    return rgba[(y * width + x) * 4 + channel];
  }

  /** Whether no pixel has any alpha: nothing can be seen. */
  public boolean isFullyTransparent() {
    for (int i = 3; i < rgba.length; i += 4) {
      if (rgba[i] > 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * This picture where a mask is white, transparent where it is black: alpha is the mask's red.
   *
   * @throws IllegalArgumentException unless the mask has this picture's size
   */
  public Image masked(Image mask) {
    if (mask.width != width || mask.height != height) {
      throw new IllegalArgumentException(
          "mask: must have the picture's size, %d x %d; got %d x %d"
              .formatted(width, height, mask.width, mask.height));
    }
    float[] out = rgba.clone();
    for (int i = 0; i < out.length; i += 4) {
      out[i + 3] = mask.rgba[i];
    }
    return new Image(width, height, out);
  }

  /** This picture laid over a background; the result is opaque. */
  public Image over(Background background) {
    float[] out = new float[rgba.length];
    for (int i = 0; i < rgba.length; i += 4) {
      float alpha = rgba[i + 3];
      float weight =
          switch (background) {
            case WHITE -> alpha;
            case WHITE_HARD_EDGE -> alpha == 0 ? 0 : 1;
          };
      for (int c = 0; c < 3; c++) {
        out[i + c] = rgba[i + c] * weight + (1 - weight);
      }
      out[i + 3] = 1;
    }
    return new Image(width, height, out);
  }

  /**
   * This picture in another size, by Lanczos resampling that averages when it shrinks.
   *
   * @throws IllegalArgumentException unless both sides are positive and not too large
   */
  public Image resized(int newWidth, int newHeight) {
    if (newWidth <= 0 || newHeight <= 0 || (long) newWidth * newHeight > MAX_PIXELS) {
      throw new IllegalArgumentException(
          "image: cannot be resized to " + newWidth + " x " + newHeight);
    }
    if (newWidth == width && newHeight == height) {
      return this;
    }
    return Resampler.resize(this, newWidth, newHeight);
  }

  /**
   * Red, green and blue as {@code [H, W, 3]} in [-1, 1], the range that the networks take. Alpha is
   * ignored: lay the picture over a {@link Background} first.
   */
  public float[] toSignedRgb() {
    float[] out = new float[width * height * 3];
    for (int p = 0; p < width * height; p++) {
      for (int c = 0; c < 3; c++) {
        out[p * 3 + c] = rgba[p * 4 + c] * 2 - 1;
      }
    }
    return out;
  }

  /**
   * The opposite of {@link #toSignedRgb}: {@code [H, W, 3]} in [-1, 1] to an opaque picture; what
   * lies outside is clamped.
   *
   * @throws IllegalArgumentException if a number is NaN, or the length is not {@code H * W * 3}
   */
  public static Image ofSignedRgb(int width, int height, float[] rgb) {
    if (rgb.length != (long) width * height * 3) {
      throw new IllegalArgumentException(
          "image: %d x %d RGB needs %d numbers; got %d"
              .formatted(width, height, (long) width * height * 3, rgb.length));
    }
    float[] out = new float[width * height * 4];
    for (int p = 0; p < width * height; p++) {
      for (int c = 0; c < 3; c++) {
        float value = rgb[p * 3 + c];
        if (Float.isNaN(value)) {
          throw new IllegalArgumentException(
              "image: pixel (%d, %d) channel %d is NaN".formatted(p % width, p / width, c));
        }
        out[p * 4 + c] = Math.clamp((value + 1) / 2, 0f, 1f);
      }
      out[p * 4 + 3] = 1;
    }
    return new Image(width, height, out);
  }

  /**
   * Reads a PNG or JPEG file (or another kind that the JDK decodes).
   *
   * @throws IOException naming the file and the reason if it is missing, empty, truncated, damaged
   *     or larger than {@link #MAX_PIXELS}
   */
  public static Image read(Path file) throws IOException {
    return decode(FileBytes.read(file, MAX_FILE_BYTES), file.toString());
  }

  /**
   * Decodes a PNG or JPEG file's bytes.
   *
   * @param name what an error calls it
   */
  public static Image decode(byte[] bytes, String name) throws IOException {
    if (bytes.length == 0) {
      throw new IOException(name + ": the image file is empty");
    }
    if (Png.isPng(bytes)) {
      Png.check(bytes, name);
    }
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new IOException(name + ": not a PNG, JPEG or other known image");
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(in, true, true);
        int width = reader.getWidth(0);
        int height = reader.getHeight(0);
        if (width <= 0 || height <= 0 || (long) width * height > MAX_PIXELS) {
          throw new IOException(
              "%s: an image of %d x %d is not read; 1 to %d pixels are"
                  .formatted(name, width, height, MAX_PIXELS));
        }
        return of(reader.read(0));
      } finally {
        reader.dispose();
      }
    } catch (IOException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(name)
          ? e
          : new IOException(name + ": damaged image (" + message + ")", e);
    } catch (RuntimeException e) {
      // the JDK's decoders answer some damaged files with unchecked exceptions
      throw new IOException(name + ": damaged image (" + e + ")", e);
    }
  }

  /** Samples are taken as stored: the JDK's getRGB would re-encode grey pictures. */
  private static Image of(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    float[] rgba = new float[width * height * 4];
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    boolean wide = image.getColorModel().getComponentSize(0) > 16; // floats
    if (image.getColorModel() instanceof IndexColorModel || bands > 4 || wide) {
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int argb = image.getRGB(x, y);
          int at = (y * width + x) * 4;
          rgba[at] = (argb >> 16 & 255) / 255f;
          rgba[at + 1] = (argb >> 8 & 255) / 255f;
          rgba[at + 2] = (argb & 255) / 255f;
          rgba[at + 3] = (argb >>> 24) / 255f;
        }
      }
      return new Image(width, height, rgba);
    }
    float[] scale = new float[bands];
    for (int b = 0; b < bands; b++) {
      scale[b] = (1 << image.getColorModel().getComponentSize(b)) - 1;
    }
    boolean grey = bands < 3;
    boolean hasAlpha = bands == 2 || bands == 4;
    int[] row = new int[width * bands];
    for (int y = 0; y < height; y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int x = 0; x < width; x++) {
        int at = (y * width + x) * 4;
        for (int c = 0; c < 3; c++) {
          int band = grey ? 0 : c;
          rgba[at + c] = row[x * bands + band] / scale[band];
        }
        rgba[at + 3] = hasAlpha ? row[x * bands + bands - 1] / scale[bands - 1] : 1;
      }
    }
    return new Image(width, height, rgba);
  }

  /** The picture as an 8-bit RGBA PNG; values are clamped to [0, 1] and rounded to the nearest. */
  public byte[] encodePng() {
    BufferedImage image = toBufferedImage();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      if (!ImageIO.write(image, "png", out)) {
        throw new IllegalStateException("this Java runtime has no PNG writer");
      }
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  /** Writes {@link #encodePng} to {@code file}: the whole file appears, or none. */
  public void writePng(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    AtomicFile.write(file, encodePng());
  }

  /** A copy as a {@link BufferedImage} of 8-bit ARGB, for drawing. */
  public BufferedImage toBufferedImage() {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int at = (y * width + x) * 4;
        row[x] =
            toByte(rgba[at + 3]) << 24
                | toByte(rgba[at]) << 16
                | toByte(rgba[at + 1]) << 8
                | toByte(rgba[at + 2]);
      }
      image.setRGB(0, y, width, 1, row, 0, width);
    }
    return image;
  }

  private static int toByte(float value) {
    return (int) (Math.clamp(value, 0f, 1f) * 255 + 0.5f);
  }

  @Override
  public String toString() {
    return "Image[" + width + " x " + height + "]";
  }

  /** What shows where a picture is transparent. */
  public enum Background {
    /** Composited: {@code colour * alpha + white * (1 - alpha)}, as for inference. */
    WHITE,
    /**
     * Only pixels with alpha exactly 0 become white, all others keep their full colour: what the
     * published training loader does.
     */
    WHITE_HARD_EDGE
  }
}
