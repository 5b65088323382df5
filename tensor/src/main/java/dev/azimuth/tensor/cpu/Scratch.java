package dev.azimuth.tensor.cpu;

/**
 * Working memory of a thread, kept between kernels so that none of them allocates what it packs
 * into. Contents are whatever the last user left.
 */
enum Scratch {
  /** A right factor's panels, packed by several threads for one caller. */
  SHARED_PANELS,
  /** A convolution's transformed input, written by several threads for one caller. */
  SHARED_INPUT,
  /** Partial results that are summed at the end of a kernel. */
  PARTIAL,
  /** A result that several threads add to for one caller. */
  SHARED_RESULT,
  /** One task's rows of a left factor. */
  TASK_ROWS,
  /** One task's panels of a right factor. */
  TASK_PANELS,
  /** One task's result before it goes where it belongs. */
  TASK_RESULT,
  /** One register block at an edge of the result. */
  EDGE;

  private final ThreadLocal<float[]> memory = ThreadLocal.withInitial(() -> new float[0]);

  /** This thread's array for this purpose, of at least {@code size} elements. */
  float[] atLeast(int size) {
    float[] array = memory.get();
    if (array.length < size) {
      array = new float[size];
      memory.set(array);
    }
    return array;
  }
}
