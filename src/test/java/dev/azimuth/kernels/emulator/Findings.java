package dev.azimuth.kernels.emulator;

import java.util.ArrayList;
import java.util.List;

/** The faults found so far, each once per check and PTX line. */
final class Findings {
  private final List<Finding> list = new ArrayList<>();

  synchronized void add(Finding finding) {
    if (finding.line() == 0 || list.stream().noneMatch(finding::repeats)) {
      list.add(finding);
    }
  }

  synchronized List<Finding> list() {
    return List.copyOf(list);
  }
}
