package dev.azimuth.views;

import java.util.Arrays;
import java.util.Locale;

/**
 * How a photograph becomes the square picture on white that a model takes: the three ways of the
 * reference (Liu et al. 2023, {@code gradio_new.py} and {@code ldm/data/simple.py}).
 *
 * <p>Where a picture isn't square it gets transparent bars instead of being stretched.
 */
public enum Preprocess {
  /** Resized with Lanczos' window, then composited on white: the demo's way without cutting out. */
  COMPOSITE {
    @Override
    public Image apply(Image photograph, int size) {
      return squared(photograph).resized(size, size).over(Image.Background.WHITE);
    }
  },

  /**
   * Pixels of alpha 0 become white and all others keep their full colour, then resized: as training
   * views are read.
   */
  HARD_EDGE {
    @Override
    public Image apply(Image photograph, int size) {
      return squared(photograph).over(Image.Background.WHITE_HARD_EDGE).resized(size, size);
    }
  },

  /**
   * What alpha of more than a half shows is cropped, shrunk to 200 of 256 pixels if it is larger,
   * and centred on white: the demo's way of cutting out.
   */
  CROP {
    @Override
    public Image apply(Image photograph, int size) {
      Image object = cropped(photograph);
      int most = Math.max(1, Math.round(size * OBJECT_PART));
      double shrink = (double) most / Math.max(object.width(), object.height());
      Image thumbnail =
          shrink < 1
              ? object.resized(scaled(object.width(), shrink), scaled(object.height(), shrink))
              : object;
      return centred(thumbnail, size, size, 1);
    }
  };

  private static final float OBJECT_PART = 200f / 256;

  /**
   * The picture [size, size], opaque.
   *
   * @throws IllegalArgumentException if there is nothing to crop to, or no alpha to tell what is
   */
  public abstract Image apply(Image photograph, int size);

  /** As a command line spells it: {@code hard-edge}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static int scaled(int side, double factor) {
    return Math.max(1, (int) Math.round(side * factor));
  }

  private static Image squared(Image picture) {
    int side = Math.max(picture.width(), picture.height());
    return picture.width() == picture.height() ? picture : centred(picture, side, side, 0);
  }

  /** A picture in the middle of a white one of the given alpha. */
  private static Image centred(Image picture, int width, int height, float alpha) {
    float[] rgba = new float[width * height * 4];
    Arrays.fill(rgba, 1);
    for (int i = 3; i < rgba.length; i += 4) {
      rgba[i] = alpha;
    }
    int left = (width - picture.width()) / 2;
    int top = (height - picture.height()) / 2;
    for (int y = 0; y < picture.height(); y++) {
      int from = y * picture.width() * 4;
      int to = ((y + top) * width + left) * 4;
      System.arraycopy(picture.rgba(), from, rgba, to, picture.width() * 4);
    }
    return new Image(width, height, rgba);
  }

  /** The object alone, on white. */
  private static Image cropped(Image photograph) {
    int left = photograph.width();
    int top = photograph.height();
    int right = 0;
    int bottom = 0;
    boolean isOpaque = true;
    for (int y = 0; y < photograph.height(); y++) {
      for (int x = 0; x < photograph.width(); x++) {
        if (isObject(photograph, x, y)) {
          left = Math.min(left, x);
          right = Math.max(right, x + 1);
          top = Math.min(top, y);
          bottom = Math.max(bottom, y + 1);
        } else {
          isOpaque = false;
        }
      }
    }
    if (isOpaque) {
      throw new IllegalArgumentException(
          "crop: the picture is opaque everywhere; it needs transparency or a mask");
    }
    if (right == 0) {
      throw new IllegalArgumentException("crop: nothing in the picture has alpha above a half");
    }
    return objectIn(photograph, left, top, right - left, bottom - top);
  }

  private static Image objectIn(Image photograph, int left, int top, int width, int height) {
    float[] rgba = new float[width * height * 4];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        boolean isObject = isObject(photograph, left + x, top + y);
        int at = (y * width + x) * 4;
        for (int c = 0; c < 3; c++) {
          rgba[at + c] = isObject ? photograph.at(left + x, top + y, c) : 1;
        }
        rgba[at + 3] = 1;
      }
    }
    return new Image(width, height, rgba);
  }

  private static boolean isObject(Image photograph, int x, int y) {
    return photograph.at(x, y, 3) > 0.5f;
  }
}
