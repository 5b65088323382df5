package dev.azimuth.tensor.cpu;

/** Cuts index ranges into tasks whose size follows from the problem alone, never from threads. */
final class Ranges {
  /** Elements that are worth a task of their own. */
  static final int GRAIN = 1 << 15;

  private Ranges() {}

  /** Work on the indices from (inclusive) to (exclusive). */
  interface Body {
    void run(int from, int to);
  }

  /**
   * Runs the phases over 0 .. n - 1, each index costing {@code elements} element visits; a task
   * runs one phase after the other on its own indices.
   *
   * <p>Phases are compiled apart from each other: a loop of long vector expressions needs that, as
   * the compiler inlines only so much, and what it leaves out halfway goes through memory as
   * objects.
   */
  static void split(WorkPool pool, int n, int elements, Body... phases) {
    int perTask = Math.max(1, GRAIN / Math.max(1, elements));
    pool.run(
        Math.ceilDiv(n, perTask),
        task -> {
          for (Body phase : phases) {
            phase.run(task * perTask, (int) Math.min(n, (task + 1L) * perTask));
          }
        });
  }
}
