package dev.azimuth.nn;

import dev.azimuth.tensor.Shape;

/** How a parameter's published order of elements becomes the one computed with. */
enum Layout {
  /** The same. */
  PLAIN {
    @Override
    Shape inside(Shape published) {
      return published;
    }

    @Override
    float[] toInside(float[] values, Shape published) {
      return values;
    }

    @Override
    float[] toPublished(float[] values, Shape published) {
      return values;
    }
  },

  /** A convolution's weight: published [O, C, kH, kW], inside [O, kH, kW, C]. */
  CONVOLUTION {
    @Override
    Shape inside(Shape published) {
      return Shape.of(published.dim(0), published.dim(2), published.dim(3), published.dim(1));
    }

    @Override
    float[] toInside(float[] values, Shape published) {
      return exchanged(
          values, published.dim(0), published.dim(1), published.dim(2) * published.dim(3));
    }

    @Override
    float[] toPublished(float[] values, Shape published) {
      return exchanged(
          values, published.dim(0), published.dim(2) * published.dim(3), published.dim(1));
    }
  };

  abstract Shape inside(Shape published);

  abstract float[] toInside(float[] values, Shape published);

  abstract float[] toPublished(float[] values, Shape published);

  /** [outer, a, b] to [outer, b, a]. */
  private static float[] exchanged(float[] values, int outer, int a, int b) {
    if (a == 1 || b == 1) {
      return values;
    }
    float[] result = new float[values.length];
    for (int o = 0; o < outer; o++) {
      for (int i = 0; i < a; i++) {
        for (int j = 0; j < b; j++) {
          result[(o * b + j) * a + i] = values[(o * a + i) * b + j];
        }
      }
    }
    return result;
  }
}
