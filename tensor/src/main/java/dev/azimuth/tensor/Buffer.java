package dev.azimuth.tensor;

/** A backend's storage of one tensor's elements, row-major. Only its own backend looks inside. */
public interface Buffer {
  /** Number of elements. */
  int size();

  /** Type of the elements. */
  DType dtype();
}
