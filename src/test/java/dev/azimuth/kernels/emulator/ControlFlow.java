package dev.azimuth.kernels.emulator;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Where the lanes of a warp meet again: the immediate post-dominator of each instruction.
 *
 * <p>Post-dominators are the dominators of the reversed graph, found as Cooper, Harvey and Kennedy
 * do ("A simple, fast dominance algorithm", 2001).
 */
final class ControlFlow {
  private final int end;
  private final List<List<Integer>> predecessors = new ArrayList<>();
  private final int[] number; // post-order of the reversed graph from the end
  private final List<Integer> order = new ArrayList<>();

  private ControlFlow(List<int[]> successors) {
    end = successors.size();
    number = new int[end + 1];
    Arrays.fill(number, -1);
    for (int i = 0; i <= end; i++) {
      predecessors.add(new ArrayList<>());
    }
    for (int i = 0; i < end; i++) {
      for (int next : successors.get(i)) {
        predecessors.get(next).add(i);
      }
    }
    visit();
  }

  /**
   * For each instruction the first that every way from it to the end passes; the number of
   * instructions is the end.
   *
   * @param successors for each instruction those that may follow
   */
  static int[] postDominators(List<int[]> successors) {
    return new ControlFlow(successors).solve(successors);
  }

  private void visit() {
    int[] nodes = new int[end + 1];
    int[] next = new int[end + 1];
    boolean[] seen = new boolean[end + 1];
    int depth = 0;
    nodes[0] = end;
    seen[end] = true;
    while (depth >= 0) {
      int node = nodes[depth];
      if (next[depth] < predecessors.get(node).size()) {
        int child = predecessors.get(node).get(next[depth]++);
        if (!seen[child]) {
          seen[child] = true;
          depth++;
          nodes[depth] = child;
          next[depth] = 0;
        }
      } else {
        number[node] = order.size();
        order.add(node);
        depth--;
      }
    }
  }

  private int[] solve(List<int[]> successors) {
    int[] dominator = new int[end + 1];
    Arrays.fill(dominator, -1);
    dominator[end] = end;
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int k = order.size() - 2; k >= 0; k--) {
        int node = order.get(k);
        int best = -1;
        for (int next : successors.get(node)) {
          if (number[next] >= 0 && dominator[next] >= 0) {
            best = best < 0 ? next : meet(dominator, best, next);
          }
        }
        changed |= dominator[node] != best;
        dominator[node] = best;
      }
    }
    for (int i = 0; i < end; i++) {
      if (dominator[i] < 0) {
        dominator[i] = end; // never leaves its loop
      }
    }
    return dominator;
  }

  private int meet(int[] dominator, int a, int b) {
    while (a != b) {
      while (number[a] < number[b]) {
        a = dominator[a];
      }
      while (number[b] < number[a]) {
        b = dominator[b];
      }
    }
    return a;
  }
}
