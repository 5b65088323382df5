package dev.azimuth.tensor.cpu;

import static dev.azimuth.tensor.cpu.TileProduct.COLUMNS;

import dev.azimuth.tensor.Tensor;

/**
 * How q [batch, queries, heads · width] and k, v [batch, keys, heads · width] are cut: a tile is
 * {@link TileProduct#COLUMNS} queries, one a lane, against {@link #KEYS} keys of one head.
 *
 * @param batch number of sequences
 * @param queries queries of each
 * @param keys keys of each
 * @param heads heads of each
 * @param width channels of a head
 * @param causal whether query i sees only keys 0..i
 */
record AttentionLayout(int batch, int queries, int keys, int heads, int width, boolean causal) {
  /** Keys of a tile: its scores, and its keys or values, fit the first-level cache together. */
  static final int KEYS = 64;

  static AttentionLayout of(Tensor q, Tensor k, int heads, boolean causal) {
    return new AttentionLayout(
        q.shape().dim(0),
        q.shape().dim(1),
        k.shape().dim(1),
        heads,
        q.shape().dim(2) / heads,
        causal);
  }

  /** Heads of all sequences. */
  int count() {
    return batch * heads;
  }

  int queryTiles() {
    return Math.ceilDiv(queries, COLUMNS);
  }

  int keyTiles() {
    return Math.ceilDiv(keys, KEYS);
  }

  /** Elements between neighbouring queries or keys. */
  int stride() {
    return heads * width;
  }

  /** Where the queries of the head'th head begin. */
  int queryOffset(int head) {
    return (head / heads * queries * heads + head % heads) * width;
  }

  /** Where the keys of the head'th head begin. */
  int keyOffset(int head) {
    return (head / heads * keys * heads + head % heads) * width;
  }

  /** Keys that some query of the tile sees. */
  int visibleKeys(int queryTile) {
    return causal ? Math.min(keys, (queryTile + 1) * COLUMNS) : keys;
  }

  /** Queries in the tile. */
  int queriesIn(int queryTile) {
    return Math.min(COLUMNS, queries - queryTile * COLUMNS);
  }

  /** One head's keys or values, [keys][width]. */
  float[] packedKeys(float[] x, int head) {
    float[] packed = new float[keys * width];
    int from = keyOffset(head);
    for (int j = 0; j < keys; j++) {
      System.arraycopy(x, from + j * stride(), packed, j * width, width);
    }
    return packed;
  }

  /** One head's keys or values transposed tile by tile, [keyTiles][width][KEYS]. */
  float[] transposedKeys(float[] x, int head) {
    float[] packed = new float[keyTiles() * width * KEYS];
    for (int tile = 0; tile < keyTiles(); tile++) {
      int first = tile * KEYS;
      int from = keyOffset(head) + first * stride();
      int count = Math.min(KEYS, keys - first);
      Transposition.copy(x, from, stride(), count, width, packed, first * width, KEYS);
    }
    return packed;
  }

  /** Writes [keys][rowStride] back to one head's keys or values. */
  void unpackKeys(float[] packed, int rowStride, float[] x, int head) {
    int to = keyOffset(head);
    for (int j = 0; j < keys; j++) {
      System.arraycopy(packed, j * rowStride, x, to + j * stride(), width);
    }
  }

  /** A tile's queries times {@code factor} as {@code [width][COLUMNS]}; missing ones are 0. */
  void columns(float[] x, int head, int queryTile, float factor, float[] tile) {
    int from = queryOffset(head) + queryTile * COLUMNS * stride();
    int count = queriesIn(queryTile);
    for (int c = 0; c < width; c++) {
      for (int lane = 0; lane < count; lane++) {
        tile[c * COLUMNS + lane] = factor * x[from + lane * stride() + c];
      }
      for (int lane = count; lane < COLUMNS; lane++) {
        tile[c * COLUMNS + lane] = 0f;
      }
    }
  }

  /** Writes {@code [width][COLUMNS]} times {@code factor} to a tile's queries. */
  void fromColumns(float[] tile, float factor, float[] x, int head, int queryTile) {
    int to = queryOffset(head) + queryTile * COLUMNS * stride();
    for (int lane = 0; lane < queriesIn(queryTile); lane++) {
      for (int c = 0; c < width; c++) {
        x[to + lane * stride() + c] = factor * tile[c * COLUMNS + lane];
      }
    }
  }
}
