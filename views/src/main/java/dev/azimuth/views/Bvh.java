package dev.azimuth.views;

import java.util.Arrays;

/**
 * A bounding volume hierarchy over triangles: binary, built with the binned surface area heuristic
 * (Wald 2007, "On fast construction of SAH-based bounding volume hierarchies"), walked near child
 * first. A node holds its two children's boxes, so that one visit tests both.
 *
 * <p>Immutable; any number of threads may ask at once, each with its own {@link Ray}.
 */
final class Bvh {
  /** Depth is at most {@code SAH_DEPTH} plus the logarithm of the triangles left by then. */
  static final int STACK = 96;

  private static final int SAH_DEPTH = 56;
  private static final int BINS = 16;
  private static final int LEAF = 4;
  private static final int MOST_IN_LEAF = 15;
  private static final int BOX = 12;

  /** A visit of a node costs about what a test of one triangle does. */
  private static final double VISIT_COST = 1.2;

  /** Widens triangles by a hair, so that no ray slips between neighbours. */
  private static final float EDGE = 1e-6f;

  // per node 12 floats: min xyz and max xyz of the left child, then of the right
  private float[] boxes;
  // per node two children: a node number, or ~(first * 16 + count) for a leaf
  private int[] children;
  private int nodes;
  // per triangle in leaf order: corner and two edges
  private final float[] triangles;
  private final int[] order;
  private final int root;

  Bvh(float[] positions) {
    int n = positions.length / 9;
    if (n == 0) {
      throw new IllegalArgumentException("bvh: no triangles");
    }
    boxes = new float[BOX * Math.max(1, n / 2)];
    children = new int[2 * Math.max(1, n / 2)];
    order = new int[n];
    Builder builder = new Builder(positions);
    root = builder.build(0, n, 0);
    boxes = Arrays.copyOf(boxes, BOX * nodes);
    children = Arrays.copyOf(children, 2 * nodes);
    triangles = new float[9 * n];
    for (int i = 0; i < n; i++) {
      int from = 9 * order[i];
      for (int c = 0; c < 3; c++) {
        triangles[9 * i + c] = positions[from + c];
        triangles[9 * i + 3 + c] = positions[from + 3 + c] - positions[from + c];
        triangles[9 * i + 6 + c] = positions[from + 6 + c] - positions[from + c];
      }
    }
  }

  /** Finds the nearest hit; fills {@code triangle, u, v, tMax}; returns whether there is one. */
  boolean intersect(Ray ray) {
    return walk(ray, false);
  }

  /** Whether anything is hit at all; which, is left open. */
  boolean occluded(Ray ray) {
    return walk(ray, true);
  }

  private boolean walk(Ray ray, boolean any) {
    ray.triangle = -1;
    final float ox = ray.ox;
    final float oy = ray.oy;
    final float oz = ray.oz;
    final float ix = inverse(ray.dx);
    final float iy = inverse(ray.dy);
    final float iz = inverse(ray.dz);
    // which of a box's two sides is met first
    final int nearX = ix < 0 ? 3 : 0;
    final int nearY = iy < 0 ? 4 : 1;
    final int nearZ = iz < 0 ? 5 : 2;
    final int farX = 3 - nearX;
    final int farY = 5 - nearY;
    final int farZ = 7 - nearZ;
    final float tMin = ray.tMin;
    final float[] box = boxes;
    final int[] stack = ray.stack;
    int top = 0;
    int node = root;
    while (true) {
      if (node < 0) {
        if (leaf(ray, ~node) && any) {
          return true;
        }
        if (top == 0) {
          return ray.triangle >= 0;
        }
        node = stack[--top];
        continue;
      }
      final float tMax = ray.tMax;
      int b = BOX * node;
      float near0 =
          Math.max(
              Math.max((box[b + nearX] - ox) * ix, (box[b + nearY] - oy) * iy),
              Math.max((box[b + nearZ] - oz) * iz, tMin));
      float far0 =
          Math.min(
              Math.min((box[b + farX] - ox) * ix, (box[b + farY] - oy) * iy),
              Math.min((box[b + farZ] - oz) * iz, tMax));
      b += 6;
      float near1 =
          Math.max(
              Math.max((box[b + nearX] - ox) * ix, (box[b + nearY] - oy) * iy),
              Math.max((box[b + nearZ] - oz) * iz, tMin));
      float far1 =
          Math.min(
              Math.min((box[b + farX] - ox) * ix, (box[b + farY] - oy) * iy),
              Math.min((box[b + farZ] - oz) * iz, tMax));
      boolean hit0 = near0 <= far0;
      boolean hit1 = near1 <= far1;
      if (hit0 && hit1) {
        int first = children[2 * node];
        int second = children[2 * node + 1];
        boolean swap = near1 < near0;
        stack[top++] = swap ? first : second;
        node = swap ? second : first;
      } else if (hit0) {
        node = children[2 * node];
      } else if (hit1) {
        node = children[2 * node + 1];
      } else if (top == 0) {
        return ray.triangle >= 0;
      } else {
        node = stack[--top];
      }
    }
  }

  /** 1/d; for 0 a huge number of the same sign, because 0 · infinity would be NaN. */
  private static float inverse(float d) {
    return Math.abs(d) < 1e-20f ? Math.copySign(1e20f, d) : 1 / d;
  }

  /** Möller and Trumbore's test for each triangle of a leaf. */
  private boolean leaf(Ray ray, int code) {
    final float[] t = triangles;
    int first = code >>> 4;
    int end = first + (code & 15);
    boolean found = false;
    for (int i = first; i < end; i++) {
      int o = 9 * i;
      float e1x = t[o + 3];
      float e1y = t[o + 4];
      float e1z = t[o + 5];
      float e2x = t[o + 6];
      float e2y = t[o + 7];
      float e2z = t[o + 8];
      float px = ray.dy * e2z - ray.dz * e2y;
      float py = ray.dz * e2x - ray.dx * e2z;
      float pz = ray.dx * e2y - ray.dy * e2x;
      float inverse = 1 / (e1x * px + e1y * py + e1z * pz);
      float sx = ray.ox - t[o];
      float sy = ray.oy - t[o + 1];
      float sz = ray.oz - t[o + 2];
      float u = (sx * px + sy * py + sz * pz) * inverse;
      if (!(u >= -EDGE && u <= 1 + EDGE)) {
        continue;
      }
      float qx = sy * e1z - sz * e1y;
      float qy = sz * e1x - sx * e1z;
      float qz = sx * e1y - sy * e1x;
      float v = (ray.dx * qx + ray.dy * qy + ray.dz * qz) * inverse;
      if (!(v >= -EDGE && u + v <= 1 + EDGE)) {
        continue;
      }
      float distance = (e2x * qx + e2y * qy + e2z * qz) * inverse;
      if (distance > ray.tMin && distance < ray.tMax) {
        ray.tMax = distance;
        ray.u = u;
        ray.v = v;
        ray.triangle = order[i];
        found = true;
      }
    }
    return found;
  }

  private final class Builder {
    private final float[] low;
    private final float[] high;
    private final int[] counts = new int[BINS];
    private final float[] binBoxes = new float[6 * BINS];
    private final double[] rightArea = new double[BINS];
    private final int[] rightCount = new int[BINS];

    // the best split found so far
    private double bestCost;
    private int bestAxis;
    private int bestBin;

    Builder(float[] p) {
      int n = p.length / 9;
      low = new float[3 * n];
      high = new float[3 * n];
      for (int t = 0; t < n; t++) {
        order[t] = t;
        for (int c = 0; c < 3; c++) {
          float a = p[9 * t + c];
          float b = p[9 * t + 3 + c];
          float d = p[9 * t + 6 + c];
          low[3 * t + c] = Math.min(a, Math.min(b, d));
          high[3 * t + c] = Math.max(a, Math.max(b, d));
        }
      }
    }

    private float centre(int t, int axis) {
      return 0.5f * low[3 * t + axis] + 0.5f * high[3 * t + axis];
    }

    /** Builds the subtree of {@code order[from, to)}; returns its code as a child. */
    int build(int from, int to, int depth) {
      int count = to - from;
      float[] centres = emptyBox();
      for (int i = from; i < to; i++) {
        for (int c = 0; c < 3; c++) {
          float m = centre(order[i], c);
          centres[c] = Math.min(centres[c], m);
          centres[3 + c] = Math.max(centres[3 + c], m);
        }
      }
      int middle;
      if (count <= 1 || !findSplit(from, to, centres) || depth >= SAH_DEPTH) {
        if (count <= MOST_IN_LEAF) {
          return ~(from * 16 + count);
        }
        middle = medianSplit(from, to, centres);
      } else {
        // cost relative to the triangles' own
        if (count <= LEAF && bestCost >= count) {
          return ~(from * 16 + count);
        }
        middle = partition(from, to, centres);
      }
      int node = nodes++;
      if (BOX * nodes > boxes.length) {
        boxes = Arrays.copyOf(boxes, boxes.length * 2);
        children = Arrays.copyOf(children, children.length * 2);
      }
      writeBox(BOX * node, from, middle);
      writeBox(BOX * node + 6, middle, to);
      int left = build(from, middle, depth + 1);
      int right = build(middle, to, depth + 1);
      children[2 * node] = left;
      children[2 * node + 1] = right;
      return node;
    }

    private float[] emptyBox() {
      float inf = Float.POSITIVE_INFINITY;
      return new float[] {inf, inf, inf, -inf, -inf, -inf};
    }

    private int binOf(int t, int axis, float[] centres) {
      float extent = centres[3 + axis] - centres[axis];
      int bin = (int) ((centre(t, axis) - centres[axis]) / extent * BINS);
      return Math.clamp(bin, 0, BINS - 1);
    }

    /** Whether the triangles can be told apart; sets the best split. */
    private boolean findSplit(int from, int to, float[] centres) {
      bestCost = Double.POSITIVE_INFINITY;
      float[] whole = emptyBox();
      for (int i = from; i < to; i++) {
        grow(whole, 0, order[i]);
      }
      double area = Math.max(area(whole, 0), Float.MIN_NORMAL);
      for (int axis = 0; axis < 3; axis++) {
        if (centres[3 + axis] > centres[axis]) {
          sweep(from, to, axis, centres, area);
        }
      }
      return bestCost < Double.POSITIVE_INFINITY;
    }

    private void sweep(int from, int to, int axis, float[] centres, double area) {
      Arrays.fill(counts, 0);
      for (int b = 0; b < BINS; b++) {
        for (int c = 0; c < 3; c++) {
          binBoxes[6 * b + c] = Float.POSITIVE_INFINITY;
          binBoxes[6 * b + 3 + c] = Float.NEGATIVE_INFINITY;
        }
      }
      for (int i = from; i < to; i++) {
        int bin = binOf(order[i], axis, centres);
        counts[bin]++;
        grow(binBoxes, 6 * bin, order[i]);
      }
      float[] side = emptyBox();
      int seen = 0;
      for (int b = BINS - 1; b > 0; b--) {
        join(side, 6 * b);
        seen += counts[b];
        rightArea[b] = area(side, 0);
        rightCount[b] = seen;
      }
      side = emptyBox();
      seen = 0;
      for (int b = 0; b < BINS - 1; b++) {
        join(side, 6 * b);
        seen += counts[b];
        if (seen == 0 || rightCount[b + 1] == 0) {
          continue;
        }
        double cost =
            VISIT_COST + (area(side, 0) * seen + rightArea[b + 1] * rightCount[b + 1]) / area;
        if (cost < bestCost) {
          bestCost = cost;
          bestAxis = axis;
          bestBin = b;
        }
      }
    }

    private void grow(float[] box, int at, int t) {
      for (int c = 0; c < 3; c++) {
        box[at + c] = Math.min(box[at + c], low[3 * t + c]);
        box[at + 3 + c] = Math.max(box[at + 3 + c], high[3 * t + c]);
      }
    }

    private void join(float[] box, int bin) {
      for (int c = 0; c < 3; c++) {
        box[c] = Math.min(box[c], binBoxes[bin + c]);
        box[3 + c] = Math.max(box[3 + c], binBoxes[bin + 3 + c]);
      }
    }

    private double area(float[] box, int at) {
      double x = Math.max(0, (double) box[at + 3] - box[at]);
      double y = Math.max(0, (double) box[at + 4] - box[at + 1]);
      double z = Math.max(0, (double) box[at + 5] - box[at + 2]);
      return x * y + y * z + z * x;
    }

    private int partition(int from, int to, float[] centres) {
      int left = from;
      int right = to - 1;
      while (left <= right) {
        int t = order[left];
        if (binOf(t, bestAxis, centres) <= bestBin) {
          left++;
        } else {
          order[left] = order[right];
          order[right--] = t;
        }
      }
      return left;
    }

    /** Halves by position along the longest axis; where all coincide, just by number. */
    private int medianSplit(int from, int to, float[] centres) {
      int axis = 0;
      for (int c = 1; c < 3; c++) {
        if (centres[3 + c] - centres[c] > centres[3 + axis] - centres[axis]) {
          axis = c;
        }
      }
      int chosen = axis;
      int[] sorted =
          Arrays.stream(order, from, to)
              .boxed()
              .sorted((a, b) -> Float.compare(centre(a, chosen), centre(b, chosen)))
              .mapToInt(Integer::intValue)
              .toArray();
      System.arraycopy(sorted, 0, order, from, sorted.length);
      return (from + to) >>> 1;
    }

    private void writeBox(int at, int from, int to) {
      for (int c = 0; c < 3; c++) {
        boxes[at + c] = Float.POSITIVE_INFINITY;
        boxes[at + 3 + c] = Float.NEGATIVE_INFINITY;
      }
      for (int i = from; i < to; i++) {
        grow(boxes, at, order[i]);
      }
    }
  }
}
