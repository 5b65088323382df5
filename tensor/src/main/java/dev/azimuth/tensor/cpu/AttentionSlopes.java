package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.TileProduct.COLUMNS;
import static dev.azimuth.tensor.cpu.VectorMath.LANES;
import static dev.azimuth.tensor.cpu.VectorMath.SPECIES;

import dev.azimuth.tensor.Kernel;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The gradients of one attention head. Probabilities are computed anew, tile by tile, from
 * logSumExp (Dao et al. 2022, algorithm 4): with P = exp(S - logSumExp) and D = Σ dy · y per query,
 * {@code dS = P (dy vᵀ - D)}, {@code dq = scale dS k}, {@code dk = scale dSᵀ q}, {@code dv = Pᵀ
 * dy}.
 */
final class AttentionSlopes {
  private final AttentionLayout layout;
  private final Kernel.AttentionVjp kernel;
  private final int head;
  private final int width;
  // a head's channels in whole panels
  private final int paddedWidth;
  private final float[] keys;
  private final float[] transposedKeys;
  private final float[] values;
  private final float[] dKeys;
  private final float[] dValues;
  // of the current query tile: [width][COLUMNS], then as panels [panel][COLUMNS queries][COLUMNS]
  private final float[] query;
  private final float[] dOutput;
  private final float[] dQuery;
  private final float[] queryRows;
  private final float[] dOutputRows;
  private final float[] logSumExp = new float[COLUMNS];
  private final float[] dyTimesY = new float[COLUMNS];
  // of the current tile: [KEYS][COLUMNS]
  private final float[] probability = new float[AttentionLayout.KEYS * COLUMNS];
  private final float[] dScore = new float[AttentionLayout.KEYS * COLUMNS];

  AttentionSlopes(Kernel.AttentionVjp kernel, AttentionLayout layout, int head) {
    this.layout = layout;
    this.kernel = kernel;
    this.head = head;
    this.width = layout.width();
    this.paddedWidth = Math.ceilDiv(width, COLUMNS) * COLUMNS;
    this.keys = layout.packedKeys(HostBuffer.floats(kernel.k()), head);
    this.transposedKeys = layout.transposedKeys(HostBuffer.floats(kernel.k()), head);
    this.values = layout.packedKeys(HostBuffer.floats(kernel.v()), head);
    this.dKeys = new float[layout.keys() * paddedWidth];
    this.dValues = new float[layout.keys() * paddedWidth];
    this.query = new float[width * COLUMNS];
    this.dOutput = new float[width * COLUMNS];
    this.dQuery = new float[width * COLUMNS];
    this.queryRows = new float[paddedWidth * COLUMNS];
    this.dOutputRows = new float[paddedWidth * COLUMNS];
  }

  void run() {
    float scale = (float) kernel.scale();
    for (int queryTile = 0; queryTile < layout.queryTiles(); queryTile++) {
      load(queryTile, scale);
      int visible = layout.visibleKeys(queryTile);
      for (int key = 0; key < visible; key += AttentionLayout.KEYS) {
        tile(queryTile, key, Math.min(AttentionLayout.KEYS, visible - key));
      }
      layout.fromColumns(dQuery, scale, HostBuffer.floats(kernel.dq()), head, queryTile);
    }
    layout.unpackKeys(dKeys, paddedWidth, HostBuffer.floats(kernel.dk()), head);
    layout.unpackKeys(dValues, paddedWidth, HostBuffer.floats(kernel.dv()), head);
  }

  private void load(int queryTile, float scale) {
    float[] dy = HostBuffer.floats(kernel.dy());
    float[] sums = HostBuffer.floats(kernel.logSumExp());
    layout.columns(HostBuffer.floats(kernel.q()), head, queryTile, scale, query);
    layout.columns(dy, head, queryTile, 1f, dOutput);
    layout.columns(HostBuffer.floats(kernel.y()), head, queryTile, 1f, dQuery);
    for (int column = 0; column < COLUMNS; column += LANES) {
      sumProducts(dOutput, dQuery, column);
    }
    toRows(query, queryRows);
    toRows(dOutput, dOutputRows);
    Arrays.fill(dQuery, 0f);
    int count = layout.queriesIn(queryTile);
    int from = head * layout.queries() + queryTile * COLUMNS;
    // lanes without a query have q, dy and so dS equal to 0
    Arrays.fill(logSumExp, 0f);
    System.arraycopy(sums, from, logSumExp, 0, count);
  }

  /**
   * dyTimesY in the lanes of the column'th vector, added up channel by channel as {@link
   * TileProduct} adds up dy · v: with a single key, whose v is y, dS is then exactly 0.
   */
  private void sumProducts(float[] dy, float[] y, int column) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = column; i < dy.length; i += COLUMNS) {
      sum = FloatVector.fromArray(SPECIES, dy, i).fma(FloatVector.fromArray(SPECIES, y, i), sum);
    }
    sum.intoArray(dyTimesY, column);
  }

  private void toRows(float[] columns, float[] rows) {
    for (int c = 0; c < width; c++) {
      int to = c / COLUMNS * COLUMNS * COLUMNS + c % COLUMNS;
      for (int lane = 0; lane < COLUMNS; lane++) {
        rows[to + lane * COLUMNS] = columns[c * COLUMNS + lane];
      }
    }
  }

  private void tile(int queryTile, int key, int count) {
    int from = key * width;
    TileProduct.set(count, width, keys, from, width, query, 0, probability, 0, COLUMNS);
    TileProduct.set(count, width, values, from, width, dOutput, 0, dScore, 0, COLUMNS);
    if (layout.causal()) {
      int first = queryTile * COLUMNS;
      SimdAttention.mask(probability, count, key, first, Float.NEGATIVE_INFINITY);
    }
    for (int column = 0; column < COLUMNS; column += LANES) {
      slopes(count, column);
    }
    for (int column = 0; column < paddedWidth; column += COLUMNS) {
      int to = key * paddedWidth + column;
      int panel = column * COLUMNS;
      TileProduct.add(
          count, COLUMNS, probability, 0, COLUMNS, dOutputRows, panel, dValues, to, paddedWidth);
      TileProduct.add(count, COLUMNS, dScore, 0, COLUMNS, queryRows, panel, dKeys, to, paddedWidth);
    }
    int stride = AttentionLayout.KEYS;
    TileProduct.add(width, count, transposedKeys, from, stride, dScore, 0, dQuery, 0, COLUMNS);
  }

  /** Scores to probabilities and dy · v to dS, in the lanes of the column'th vector. */
  private void slopes(int count, int column) {
    FloatVector logSum = FloatVector.fromArray(SPECIES, logSumExp, column);
    FloatVector center = FloatVector.fromArray(SPECIES, dyTimesY, column);
    int end = count * COLUMNS + column;
    for (int i = column; i < end; i += COLUMNS) {
      FloatVector p =
          VectorMath.boundedExp(FloatVector.fromArray(SPECIES, probability, i).sub(logSum));
      p.intoArray(probability, i);
      FloatVector.fromArray(SPECIES, dScore, i).sub(center).mul(p).intoArray(dScore, i);
    }
  }
}
