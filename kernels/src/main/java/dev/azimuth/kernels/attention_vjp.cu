// Gradients of attention, the scores computed anew (Dao et al. 2022):
// p = exp(scale q k^T - logSumExp), ds = scale p (dy v^T - delta), delta = sum(dy y) per row;
// dq = ds k, dk = ds^T q, dv = p^T dy. One kernel owns queries, the other keys, so that every sum
// has one order.

// delta [images, heads, queries]: a warp for each row
extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS)
    attention_delta_f32(const float* __restrict__ y, const float* __restrict__ dy, float* __restrict__ delta,
                        unsigned size, unsigned heads, unsigned queries, unsigned d) {
  unsigned i = (blockIdx.x * (unsigned)ATTENTION_THREADS + threadIdx.x) / 32;
  if (i >= size) return;
  unsigned image = i / queries / heads;
  unsigned from = ((image * queries + i % queries) * heads + i / queries % heads) * d;
  float sum = 0.0f;
  for (unsigned c = threadIdx.x % 32; c < d; c += 32) sum += dy[from + c] * y[from + c];
  sum = team<32, Sum>(sum);
  if (threadIdx.x % 32 == 0) delta[i] = sum;
}

template <int OWN, int CHUNKS>
__device__ __forceinline__ void queries_vjp(const float* __restrict__ q, const float* __restrict__ k,
                                            const float* __restrict__ v, const float* __restrict__ dy,
                                            const float* __restrict__ logSumExp, const float* __restrict__ delta,
                                            float* __restrict__ dq, unsigned heads, unsigned queries,
                                            unsigned keys, unsigned d, float scale, int causal) {
  extern __shared__ __align__(16) float own[];  // [4][d][OWN] twice: q and dy
  __shared__ float tile[32][TILE_PITCH];
  __shared__ __align__(16) float weights[4][32 * OWN];
  Place place(queries, 4 * OWN, heads);
  HeadRows qs(q, place.image, place.head, queries, heads, d);
  HeadRows dys(dy, place.image, place.head, queries, heads, d);
  HeadRows ks(k, place.image, place.head, keys, heads, d);
  HeadRows vs(v, place.image, place.head, keys, heads, d);
  unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  unsigned row = place.first + warp * OWN;
  float* ownSlopes = own + 4 * OWN * d;
  qs.load_own<OWN>(own, place.first);
  dys.load_own<OWN>(ownSlopes, place.first);

  float logSums[OWN], deltas[OWN], sums[OWN][2 * CHUNKS], ones[OWN];
  clear<OWN, CHUNKS>(sums);
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    unsigned at = (place.image * heads + place.head) * queries + min(row + i, queries - 1);
    logSums[i] = logSumExp[at];
    deltas[i] = delta[at];
    ones[i] = 1.0f;
  }

  unsigned seen = causal ? min(keys, place.first + 4 * OWN) : keys;
  for (unsigned first = 0; first < seen; first += 32) {
    float scores[OWN], slopes[OWN];
    products<OWN>(ks, first, own + warp * d * OWN, tile, scores);
    products<OWN>(vs, first, ownSlopes + warp * d * OWN, tile, slopes);
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      unsigned key = first + lane;
      bool isSeen = key < keys && (!causal || key <= row + i);
      float p = isSeen ? expf(scale * scores[i] - logSums[i]) : 0.0f;
      weights[warp][lane * OWN + i] = scale * p * (slopes[i] - deltas[i]);
    }
    accumulate<OWN, CHUNKS>(ks, first, weights[warp], tile, sums);
  }
  store<OWN, CHUNKS>(sums, dq, place.image, place.head, queries, heads, d, row, ones);
}

template <int OWN, int CHUNKS>
__device__ __forceinline__ void keys_vjp(const float* __restrict__ q, const float* __restrict__ k,
                                         const float* __restrict__ v, const float* __restrict__ dy,
                                         const float* __restrict__ logSumExp, const float* __restrict__ delta,
                                         float* __restrict__ dk, float* __restrict__ dv, unsigned heads,
                                         unsigned queries, unsigned keys, unsigned d, float scale, int causal) {
  extern __shared__ __align__(16) float own[];  // [4][d][OWN] twice: k and v
  __shared__ float tile[32][TILE_PITCH];
  __shared__ __align__(16) float ps[4][32 * OWN];
  __shared__ __align__(16) float weights[4][32 * OWN];
  Place place(keys, 4 * OWN, heads);
  HeadRows qs(q, place.image, place.head, queries, heads, d);
  HeadRows dys(dy, place.image, place.head, queries, heads, d);
  HeadRows ks(k, place.image, place.head, keys, heads, d);
  HeadRows vs(v, place.image, place.head, keys, heads, d);
  unsigned warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  unsigned row = place.first + warp * OWN;
  float* ownValues = own + 4 * OWN * d;
  ks.load_own<OWN>(own, place.first);
  vs.load_own<OWN>(ownValues, place.first);

  float keySums[OWN][2 * CHUNKS], valueSums[OWN][2 * CHUNKS], ones[OWN];
  clear<OWN, CHUNKS>(keySums);
  clear<OWN, CHUNKS>(valueSums);
#pragma unroll
  for (int i = 0; i < OWN; i++) ones[i] = 1.0f;

  // queries before the block's first key see none of its keys
  for (unsigned first = causal ? place.first / 32 * 32 : 0; first < queries; first += 32) {
    float scores[OWN], slopes[OWN];
    products<OWN>(qs, first, own + warp * d * OWN, tile, scores);
    products<OWN>(dys, first, ownValues + warp * d * OWN, tile, slopes);
    unsigned query = first + lane;
    unsigned at = (place.image * heads + place.head) * queries + min(query, queries - 1);
    float logSum = logSumExp[at];
    float common = delta[at];
#pragma unroll
    for (int i = 0; i < OWN; i++) {
      bool isSeen = query < queries && row + i < keys && (!causal || row + i <= query);
      float p = isSeen ? expf(scale * scores[i] - logSum) : 0.0f;
      ps[warp][lane * OWN + i] = p;
      weights[warp][lane * OWN + i] = scale * p * (slopes[i] - common);
    }
    accumulate<OWN, CHUNKS>(dys, first, ps[warp], tile, valueSums);
    accumulate<OWN, CHUNKS>(qs, first, weights[warp], tile, keySums);
  }
  store<OWN, CHUNKS>(keySums, dk, place.image, place.head, keys, heads, d, row, ones);
  store<OWN, CHUNKS>(valueSums, dv, place.image, place.head, keys, heads, d, row, ones);
}

#define ATTENTION_VJP(WIDTH, OWN)                                                                              \
  extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS) attention_queries_vjp_##WIDTH##_f32(         \
      const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,                   \
      const float* __restrict__ dy, const float* __restrict__ logSumExp, const float* __restrict__ delta,      \
      float* __restrict__ dq, unsigned heads, unsigned queries, unsigned keys, unsigned d, float scale,        \
      int causal) {                                                                                            \
    queries_vjp<OWN, WIDTH / CHUNK>(q, k, v, dy, logSumExp, delta, dq, heads, queries, keys, d, scale, causal); \
  }                                                                                                            \
  extern "C" __global__ void __launch_bounds__(ATTENTION_THREADS) attention_keys_vjp_##WIDTH##_f32(            \
      const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,                   \
      const float* __restrict__ dy, const float* __restrict__ logSumExp, const float* __restrict__ delta,      \
      float* __restrict__ dk, float* __restrict__ dv, unsigned heads, unsigned queries, unsigned keys,         \
      unsigned d, float scale, int causal) {                                                                   \
    keys_vjp<OWN, WIDTH / CHUNK>(q, k, v, dy, logSumExp, delta, dk, dv, heads, queries, keys, d, scale, causal); \
  }

ATTENTION_VJP(64, 8)
ATTENTION_VJP(128, 4)
ATTENTION_VJP(192, 4)
ATTENTION_VJP(512, 2)
