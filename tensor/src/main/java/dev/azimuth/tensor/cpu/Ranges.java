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

  /** Runs {@code body} over 0 .. n - 1, each index costing {@code elements} element visits. */
  static void split(WorkPool pool, int n, int elements, Body body) {
    int perTask = Math.max(1, GRAIN / Math.max(1, elements));
    pool.run(
        Math.ceilDiv(n, perTask),
        task -> body.run(task * perTask, (int) Math.min(n, (task + 1L) * perTask)));
  }
}
