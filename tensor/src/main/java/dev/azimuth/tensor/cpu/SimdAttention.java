package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.TileProduct.COLUMNS;
import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Attention in tiles with a running maximum and sum, so that the N×M scores never exist at once
 * (Milakov and Gimelshein 2018; Dao et al. 2022).
 *
 * <p>A lane is a query: scores are kept as Sᵀ = K Qᵀ, where softmax runs down columns without any
 * operation across lanes, and where the tile of probabilities is at once the right factor of Oᵀ =
 * Vᵀ Pᵀ.
 */
final class SimdAttention {
  // query tiles of one task where a head is large enough to be shared
  private static final int TILES_PER_TASK = 16;

  private SimdAttention() {}

  static void run(Kernel.Attention kernel, WorkPool pool) {
    AttentionLayout layout =
        AttentionLayout.of(kernel.q(), kernel.k(), kernel.heads(), kernel.causal());
    int tiles = layout.queryTiles();
    if (tiles <= TILES_PER_TASK) {
      pool.run(layout.count(), head -> new Head(kernel, layout, head).attend(0, tiles));
      return;
    }
    Head[] packed = new Head[layout.count()];
    pool.run(packed.length, head -> packed[head] = new Head(kernel, layout, head));
    int pieces = Math.ceilDiv(tiles, TILES_PER_TASK);
    pool.run(
        packed.length * pieces,
        task -> {
          int from = task % pieces * TILES_PER_TASK;
          packed[task / pieces].attend(from, Math.min(tiles, from + TILES_PER_TASK));
        });
  }

  static void run(Kernel.AttentionVjp kernel, WorkPool pool) {
    AttentionLayout layout =
        AttentionLayout.of(kernel.q(), kernel.k(), kernel.heads(), kernel.causal());
    // every query adds to every key's gradient, so a head is one task
    pool.run(layout.count(), head -> new AttentionSlopes(kernel, layout, head).run());
  }

  /** Sets the scores of keys after their query, in a tile whose first key is {@code key}. */
  static void mask(float[] scores, int keys, int key, int query, float value) {
    for (int j = Math.max(0, query + 1 - key); j < keys; j++) {
      int unseen = Math.min(COLUMNS, key + j - query);
      Arrays.fill(scores, j * COLUMNS, j * COLUMNS + unseen, value);
    }
  }

  /** One head's keys and values, packed; read by several threads. */
  private static final class Head {
    private final AttentionLayout layout;
    private final int head;
    private final float[] q;
    private final float[] y;
    private final float[] logSumExp;
    private final float scale;
    private final float[] keys;
    private final float[] values;

    Head(Kernel.Attention kernel, AttentionLayout layout, int head) {
      this.layout = layout;
      this.head = head;
      this.q = HostBuffer.floats(kernel.q());
      this.y = HostBuffer.floats(kernel.y());
      this.logSumExp = HostBuffer.floats(kernel.logSumExp());
      this.scale = (float) kernel.scale();
      this.keys = layout.packedKeys(HostBuffer.floats(kernel.k()), head);
      this.values = layout.transposedKeys(HostBuffer.floats(kernel.v()), head);
    }

    void attend(int fromTile, int toTile) {
      QueryTile tile = new QueryTile(this);
      for (int queryTile = fromTile; queryTile < toTile; queryTile++) {
        tile.attend(queryTile);
      }
    }
  }

  /** Working memory of one query tile; {@code [..][COLUMNS]} throughout. */
  private static final class QueryTile {
    private final Head head;
    private final AttentionLayout layout;
    private final float[] query;
    private final float[] output;
    private final float[] scores = new float[AttentionLayout.KEYS * COLUMNS];
    private final float[] max = new float[COLUMNS];
    private final float[] sum = new float[COLUMNS];
    // what the output so far shrinks by when the maximum grows
    private final float[] shrink = new float[COLUMNS];

    QueryTile(Head head) {
      this.head = head;
      this.layout = head.layout;
      this.query = new float[layout.width() * COLUMNS];
      this.output = new float[layout.width() * COLUMNS];
    }

    void attend(int queryTile) {
      int width = layout.width();
      layout.columns(head.q, head.head, queryTile, head.scale, query);
      Arrays.fill(max, Float.NEGATIVE_INFINITY);
      Arrays.fill(sum, 0f);
      Arrays.fill(output, 0f);
      int visible = layout.visibleKeys(queryTile);
      for (int key = 0; key < visible; key += AttentionLayout.KEYS) {
        int count = Math.min(AttentionLayout.KEYS, visible - key);
        TileProduct.set(count, width, head.keys, key * width, width, query, 0, scores, 0, COLUMNS);
        if (layout.causal()) {
          mask(scores, count, key, queryTile * COLUMNS, Float.NEGATIVE_INFINITY);
        }
        for (int column = 0; column < COLUMNS; column += LANES) {
          softmax(count, column);
        }
        if (key > 0) {
          shrinkOutput();
        }
        int stride = AttentionLayout.KEYS;
        TileProduct.add(
            width, count, head.values, key * width, stride, scores, 0, output, 0, COLUMNS);
      }
      store(queryTile);
    }

    /** Scores to exp(score - maximum so far), in the lanes of the column'th vector. */
    private void softmax(int count, int column) {
      FloatVector oldMax = FloatVector.fromArray(SPECIES, max, column);
      FloatVector newMax = oldMax;
      int end = count * COLUMNS + column;
      for (int i = column; i < end; i += COLUMNS) {
        newMax = VectorMath.larger(newMax, FloatVector.fromArray(SPECIES, scores, i));
      }
      FloatVector total = FloatVector.zero(SPECIES);
      for (int i = column; i < end; i += COLUMNS) {
        FloatVector p =
            VectorMath.boundedExp(FloatVector.fromArray(SPECIES, scores, i).sub(newMax));
        p.intoArray(scores, i);
        total = total.add(p);
      }
      FloatVector factor = VectorMath.boundedExp(oldMax.sub(newMax));
      factor.intoArray(shrink, column);
      newMax.intoArray(max, column);
      FloatVector.fromArray(SPECIES, sum, column).fma(factor, total).intoArray(sum, column);
    }

    private void shrinkOutput() {
      FloatVector left = FloatVector.fromArray(SPECIES, shrink, 0);
      FloatVector right = FloatVector.fromArray(SPECIES, shrink, LANES);
      for (int i = 0; i < output.length; i += COLUMNS) {
        FloatVector.fromArray(SPECIES, output, i).mul(left).intoArray(output, i);
        FloatVector.fromArray(SPECIES, output, i + LANES).mul(right).intoArray(output, i + LANES);
      }
    }

    private void store(int queryTile) {
      for (int column = 0; column < COLUMNS; column += LANES) {
        FloatVector one = FloatVector.broadcast(SPECIES, 1f);
        one.div(FloatVector.fromArray(SPECIES, sum, column)).intoArray(shrink, column);
      }
      shrinkOutput();
      layout.fromColumns(output, 1f, head.y, head.head, queryTile);
      int to = head.head * layout.queries() + queryTile * COLUMNS;
      for (int lane = 0; lane < layout.queriesIn(queryTile); lane++) {
        logSumExp(to + lane, lane);
      }
    }

    private void logSumExp(int to, int lane) {
      head.logSumExp[to] = (float) (max[lane] + Math.log(sum[lane]));
    }
  }
}
