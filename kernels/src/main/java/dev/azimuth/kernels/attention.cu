// y = softmax(scale q k^T) v per head, with logSumExp of each row of scale q k^T, tile by tile with
// a running maximum and sum (Milakov and Gimelshein 2018; Dao et al. 2022): the scores of 32 keys
// at a time exist, in registers. Head widths up to 64 CHUNKS.
template <int OWN, int CHUNKS>
__device__ __forceinline__ void attention(const float* __restrict__ q, const float* __restrict__ k,
                                          const float* __restrict__ v, float* __restrict__ y,
                                          float* __restrict__ logSumExp, unsigned heads, unsigned queries,
                                          unsigned keys, unsigned d, float scale, int causal) {
  extern __shared__ __align__(16) float own[];  // [4][d][OWN]: the queries
  __shared__ float tile[32][TILE_PITCH];
  __shared__ __align__(16) float ps[4][32 * OWN];
  Place place(queries, 4 * OWN, heads);
  HeadRows qs(q, place.image, place.head, queries, heads, d);
  HeadRows ks(k, place.image, place.head, keys, heads, d);
  HeadRows vs(v, place.image, place.head, keys, heads, d);
  unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  unsigned row = place.first + warp * OWN;
  qs.load_own<OWN>(own, place.first);

  float most[OWN], sum[OWN], out[OWN][2 * CHUNKS];
  clear<OWN, CHUNKS>(out);
#pragma unroll
  for (int i = 0; i < OWN; i++) most[i] = MINUS_INFINITY, sum[i] = 0.0f;

  unsigned seen = causal ? min(keys, place.first + 4 * OWN) : keys;
  for (unsigned first = 0; first < seen; first += 32) {
    float scores[OWN];
    products<OWN>(ks, first, own + warp * d * OWN, tile, scores);
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      unsigned key = first + lane;
      bool isSeen = key < keys && (!causal || key <= row + i);
      float score = isSeen ? scale * scores[i] : MINUS_INFINITY;
      float now = larger(most[i], team<32, Max>(score));
      // a row may see no key of this tile and, if it lies beyond the queries, of any
      float p = isSeen ? expf(score - now) : 0.0f;
      float shrink = now == MINUS_INFINITY ? 1.0f : expf(most[i] - now);
      sum[i] = sum[i] * shrink + team<32, Sum>(p);
      most[i] = now;
      ps[warp][lane * OWN + i] = p;
#pragma unroll
      for (int s = 0; s < 2 * CHUNKS; s++) out[i][s] *= shrink;
    }
    // accumulate's first barrier shows ps to the warp's other lanes
    accumulate<OWN, CHUNKS>(vs, first, ps[warp], tile, out);
  }

  float inverse[OWN];
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    inverse[i] = sum[i] > 0.0f ? 1.0f / sum[i] : sum[i];
    if (lane == 0 && row + i < queries) {
      logSumExp[(place.image * heads + place.head) * queries + row + i] = most[i] + logf(sum[i]);
    }
  }
  store<OWN, CHUNKS>(out, y, place.image, place.head, queries, heads, d, row, inverse);
}

#define ATTENTION(WIDTH, OWN)                                                                                  \
  extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS) attention_##WIDTH##_f32(                     \
      const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,                   \
      float* __restrict__ y, float* __restrict__ logSumExp, unsigned heads, unsigned queries, unsigned keys,   \
      unsigned d, float scale, int causal) {                                                                   \
    attention<OWN, WIDTH / CHUNK>(q, k, v, y, logSumExp, heads, queries, keys, d, scale, causal);              \
  }

ATTENTION(64, 8)
ATTENTION(128, 8)
ATTENTION(192, 8)
ATTENTION(512, 4)
