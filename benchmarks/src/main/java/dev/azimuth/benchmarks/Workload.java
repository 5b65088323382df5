package dev.azimuth.benchmarks;

/**
 * What is timed on both sides.
 *
 * @param name its sizes, or the network's name
 */
record Workload(Family family, String name, Pass pass, Network network) {
  /** How far a call goes. */
  enum Pass {
    FORWARD("forward"),
    BACKWARD("forward + backward"),
    TRAINING("forward + backward + AdamW");

    private final String title;

    Pass(String title) {
      this.title = title;
    }

    /** As reports call it. */
    String title() {
      return title;
    }
  }

  /** The same with gradients in every operand. */
  Workload backward() {
    return new Workload(family, name, Pass.BACKWARD, network);
  }
}
