package dev.azimuth.views;

import java.util.Arrays;

/**
 * A picture on a surface: 8-bit sRGB with straight alpha, repeated over the plane, read bilinearly
 * and in linear light. Texture coordinate (0, 0) is the lower left corner.
 */
final class Texture {
  /** Larger pictures are halved when loaded: views have far fewer pixels. */
  static final int MAX_SIDE = 2048;

  private static final float[] LINEAR = new float[256];

  static {
    for (int i = 0; i < 256; i++) {
      LINEAR[i] = (float) Srgb.toLinear(i / 255.0);
    }
  }

  private final int width;
  private final int height;
  private final int[] argb;
  private final boolean transparent;

  private Texture(int width, int height, int[] argb) {
    this.width = width;
    this.height = height;
    this.argb = argb;
    boolean found = false;
    for (int pixel : argb) {
      found |= pixel >>> 24 != 255;
    }
    this.transparent = found;
  }

  static Texture of(Image image) {
    int step = 1;
    while (Math.max(image.width(), image.height()) / step > MAX_SIDE) {
      step *= 2;
    }
    int w = Math.max(1, image.width() / step);
    int h = Math.max(1, image.height() / step);
    int[] argb = new int[w * h];
    float[] rgba = image.rgba();
    float[] sum = new float[4];
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        Arrays.fill(sum, 0);
        int count = 0;
        for (int dy = y * step; dy < Math.min((y + 1) * step, image.height()); dy++) {
          for (int dx = x * step; dx < Math.min((x + 1) * step, image.width()); dx++) {
            for (int c = 0; c < 4; c++) {
              sum[c] += rgba[(dy * image.width() + dx) * 4 + c];
            }
            count++;
          }
        }
        argb[y * w + x] =
            byteOf(sum[3] / count) << 24
                | byteOf(sum[0] / count) << 16
                | byteOf(sum[1] / count) << 8
                | byteOf(sum[2] / count);
      }
    }
    return new Texture(w, h, argb);
  }

  private static int byteOf(float value) {
    return (int) (Math.clamp(value, 0f, 1f) * 255 + 0.5f);
  }

  /** Whether a pixel is not opaque. */
  boolean isTransparent() {
    return transparent;
  }

  /** Opacity as a mask picture gives it: its alpha, or, where it has none, its brightness. */
  float opacityAt(float u, float v, float[] scratch) {
    sample(u, v, scratch);
    return transparent ? scratch[3] : (scratch[0] + scratch[1] + scratch[2]) / 3;
  }

  /** Writes linear red, green, blue and alpha to {@code out}; a coordinate that is NaN reads 0. */
  void sample(float u, float v, float[] out) {
    float x = (u - (float) Math.floor(u)) * width - 0.5f;
    float y = (1 - (v - (float) Math.floor(v))) * height - 0.5f;
    if (!(x >= -1 && x <= width)) {
      x = 0;
    }
    if (!(y >= -1 && y <= height)) {
      y = 0;
    }
    int x0 = (int) Math.floor(x);
    int y0 = (int) Math.floor(y);
    float fx = x - x0;
    float fy = y - y0;
    int left = wrap(x0, width);
    int right = wrap(x0 + 1, width);
    int top = wrap(y0, height) * width;
    int bottom = wrap(y0 + 1, height) * width;
    out[0] = 0;
    out[1] = 0;
    out[2] = 0;
    out[3] = 0;
    add(argb[top + left], (1 - fx) * (1 - fy), out);
    add(argb[top + right], fx * (1 - fy), out);
    add(argb[bottom + left], (1 - fx) * fy, out);
    add(argb[bottom + right], fx * fy, out);
  }

  private static int wrap(int i, int n) {
    return i < 0 ? i + n : i >= n ? i - n : i;
  }

  private static void add(int pixel, float weight, float[] out) {
    out[0] += LINEAR[pixel >> 16 & 255] * weight;
    out[1] += LINEAR[pixel >> 8 & 255] * weight;
    out[2] += LINEAR[pixel & 255] * weight;
    out[3] += (pixel >>> 24) * (1 / 255f) * weight;
  }
}
