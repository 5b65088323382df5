package dev.azimuth.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The axes that two operands are walked along together, as few as describe them: axes of size 1 are
 * gone, and neighbours that both operands walk as one are one.
 *
 * <p>Kernels take {@link #RANK} axes, the last the fastest. More than that are rare; {@link
 * #outer()} says where the walks along the others begin.
 */
final class StridedAxes {
  /** Axes of one launch. */
  static final int RANK = 5;

  private final int[] sizes;
  private final int[] first;
  private final int[] second;

  private StridedAxes(int[] sizes, int[] first, int[] second) {
    this.sizes = sizes;
    this.first = first;
    this.second = second;
  }

  /** Where one launch begins in each operand. */
  record Start(int first, int second) {}

  /** The multi-indices below {@code sizes}, with the operands' strides. */
  static StridedAxes of(int[] sizes, int[] first, int[] second) {
    int[] s = new int[sizes.length];
    int[] a = new int[sizes.length];
    int[] b = new int[sizes.length];
    int rank = 0;
    for (int i = 0; i < sizes.length; i++) {
      if (sizes[i] == 1) {
        continue;
      }
      boolean isOne =
          rank > 0 && a[rank - 1] == first[i] * sizes[i] && b[rank - 1] == second[i] * sizes[i];
      if (isOne) {
        s[rank - 1] *= sizes[i];
      } else {
        s[rank++] = sizes[i];
      }
      a[rank - 1] = first[i];
      b[rank - 1] = second[i];
    }
    return new StridedAxes(Arrays.copyOf(s, rank), Arrays.copyOf(a, rank), Arrays.copyOf(b, rank));
  }

  private int outerRank() {
    return Math.max(0, sizes.length - RANK);
  }

  /** Elements of one launch. */
  int innerSize() {
    int size = 1;
    for (int axis = outerRank(); axis < sizes.length; axis++) {
      size *= sizes[axis];
    }
    return size;
  }

  /** Where each launch begins, in order; one that begins at 0 unless there are outer axes. */
  List<Start> outer() {
    List<Start> starts = List.of(new Start(0, 0));
    for (int axis = 0; axis < outerRank(); axis++) {
      List<Start> next = new ArrayList<>();
      for (Start start : starts) {
        for (int i = 0; i < sizes[axis]; i++) {
          next.add(new Start(start.first + i * first[axis], start.second + i * second[axis]));
        }
      }
      starts = next;
    }
    return starts;
  }

  /** A kernel's rank, sizes s1 to s4 and both operands' strides, after its own arguments. */
  Object[] arguments(Object... own) {
    List<Object> arguments = new ArrayList<>(Arrays.asList(own));
    arguments.add(sizes.length - outerRank());
    arguments.addAll(padded(sizes, 1).subList(1, RANK));
    arguments.addAll(padded(first, 0));
    arguments.addAll(padded(second, 0));
    return arguments.toArray();
  }

  /**
   * The inner axes' values at the end of RANK. The slowest axis is read from the first place: the
   * kernel's remainder multiplies it, whatever the rank.
   */
  private List<Object> padded(int[] values, int absent) {
    List<Object> padded = new ArrayList<>();
    int inner = values.length - outerRank();
    for (int place = 0; place < RANK; place++) {
      int axis = place - RANK + inner;
      padded.add(axis >= 0 ? values[outerRank() + axis] : absent);
    }
    if (inner > 0) {
      padded.set(0, values[outerRank()]);
    }
    return padded;
  }
}
