package dev.azimuth.views;

import java.util.Arrays;

/** A growing array of floats. */
final class FloatList {
  private float[] values = new float[64];
  private int size;

  void add(float value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, size * 2);
    }
    values[size++] = value;
  }

  float get(int index) {
    return values[index];
  }

  float[] toArray() {
    return Arrays.copyOf(values, size);
  }

  int size() {
    return size;
  }
}
