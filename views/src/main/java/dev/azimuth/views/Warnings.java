package dev.azimuth.views;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Findings about a file that was read all the same: one line per kind, with how often. */
final class Warnings {
  private static final int MOST_KINDS = 100;

  private final Map<String, Integer> counts = new LinkedHashMap<>();

  void add(String kind) {
    if (counts.size() < MOST_KINDS || counts.containsKey(kind)) {
      counts.merge(kind, 1, Integer::sum);
    } else {
      counts.merge("more kinds of findings", 1, Integer::sum);
    }
  }

  List<String> toList() {
    List<String> lines = new ArrayList<>();
    counts.forEach((kind, count) -> lines.add(count == 1 ? kind : kind + " (" + count + " times)"));
    return lines;
  }

  /** All lines as a supplement to an error; empty if there are none. */
  String inBrackets() {
    return counts.isEmpty() ? "" : " (" + String.join("; ", toList()) + ")";
  }
}
