// Gradients of attention on tensor cores, as attention_vjp.cu has them: p = exp(scale q k^T -
// logSumExp), ds = scale p (dy v^T - delta), delta = sum(dy y) per row; dq = ds k, dk = ds^T q,
// dv = p^T dy. One kernel owns queries, the other keys. Two tiles of each operand of the other side
// are in shared memory: one arrives while the other is multiplied.

// Both operands of the other side, twice.
template <int D, int WARPS>
struct TilePairs {
  typedef Flash<D, WARPS> F;
  float* tiles;
  const HeadRows &x, &y;
  static const int SIZE = F::ROWS * F::PITCH;

  __device__ __forceinline__ float* x_tile(unsigned turn) const { return tiles + turn % 2 * (2 * SIZE); }
  __device__ __forceinline__ float* y_tile(unsigned turn) const { return x_tile(turn) + SIZE; }
  __device__ __forceinline__ void begin(unsigned turn, unsigned first) const {
    F::begin_tile(x, first, x_tile(turn));
    F::begin_tile(y, first, y_tile(turn));
  }
};

template <class Precision, int D, int WARPS>
__device__ __forceinline__ void queries_vjp(const float* __restrict__ q, const float* __restrict__ k,
                                            const float* __restrict__ v, const float* __restrict__ dy,
                                            const float* __restrict__ logSumExp, const float* __restrict__ delta,
                                            float* __restrict__ dq, unsigned heads, unsigned queries,
                                            unsigned keys, unsigned d, float scale, int causal) {
  typedef Flash<D, WARPS> F;
  extern __shared__ __align__(16) float own[];  // [OWN][PITCH] twice: q and dy; then the tiles
  float* ownSlopes = own + F::OWN * F::PITCH;
  Place place(queries, F::OWN, heads);
  HeadRows qs(q, place.image, place.head, queries, heads, d);
  HeadRows dys(dy, place.image, place.head, queries, heads, d);
  HeadRows ks(k, place.image, place.head, keys, heads, d);
  HeadRows vs(v, place.image, place.head, keys, heads, d);
  TilePairs<D, WARPS> tiles = {ownSlopes + F::OWN * F::PITCH, ks, vs};
  unsigned row = place.first + F::row();
  F::begin_own(qs, place.first, own);
  F::begin_own(dys, place.first, ownSlopes);
  tiles.begin(0, 0);

  float logSums[2], deltas[2], sums[F::STEPS][4];
  F::clear(sums);
#pragma unroll
  for (int half = 0; half < 2; half++) {
    unsigned at = (place.image * heads + place.head) * queries + min(row + 8 * half, queries - 1);
    logSums[half] = LOG2_E * logSumExp[at];
    deltas[half] = delta[at];
  }
  float unit = scale * LOG2_E;

  unsigned seen = causal ? min(keys, place.first + F::OWN) : keys;
  unsigned turn = 0;
  for (unsigned first = 0; first < seen; first += F::ROWS, turn++) {
    await_copies();
    __syncthreads();  // this turn's tiles are there, and the last turn's no longer read
    if (first + F::ROWS < seen) tiles.begin(turn + 1, first + F::ROWS);
    float ps[F::TILES][4], slopes[F::TILES][4];
    F::template multiply<Precision>(F::warps_own(own), tiles.x_tile(turn), ps);
    F::template multiply<Precision>(F::warps_own(ownSlopes), tiles.y_tile(turn), slopes);
    bool isEdge = causal || first + F::ROWS > keys;
#pragma unroll
    for (int t = 0; t < F::TILES; t++) {
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float p = exp2_of(fmaf(unit, ps[t][i], -logSums[i / 2]));
        slopes[t][i] = scale * p * (slopes[t][i] - deltas[i / 2]);
        unsigned key = first + F::column() + 8 * t + i % 2;
        if (isEdge && (key >= keys || (causal && key > row + i / 2 * 8))) slopes[t][i] = 0.0f;
      }
    }
    F::template accumulate<Precision>(slopes, tiles.x_tile(turn), sums);
  }
  float ones[2] = {1.0f, 1.0f};
  F::store(sums, dq, qs, (place.image * queries * heads + place.head) * d, place.first, ones);
}

template <class Precision, int D, int WARPS>
__device__ __forceinline__ void keys_vjp(const float* __restrict__ q, const float* __restrict__ k,
                                         const float* __restrict__ v, const float* __restrict__ dy,
                                         const float* __restrict__ logSumExp, const float* __restrict__ delta,
                                         float* __restrict__ dk, float* __restrict__ dv, unsigned heads,
                                         unsigned queries, unsigned keys, unsigned d, float scale, int causal) {
  typedef Flash<D, WARPS> F;
  extern __shared__ __align__(16) float own[];  // [OWN][PITCH] twice: k and v; then the tiles
  float* ownValues = own + F::OWN * F::PITCH;
  Place place(keys, F::OWN, heads);
  HeadRows qs(q, place.image, place.head, queries, heads, d);
  HeadRows dys(dy, place.image, place.head, queries, heads, d);
  HeadRows ks(k, place.image, place.head, keys, heads, d);
  HeadRows vs(v, place.image, place.head, keys, heads, d);
  TilePairs<D, WARPS> tiles = {ownValues + F::OWN * F::PITCH, qs, dys};
  unsigned row = place.first + F::row();
  F::begin_own(ks, place.first, own);
  F::begin_own(vs, place.first, ownValues);
  // queries before the block's first key see none of its keys
  unsigned start = causal ? place.first / F::ROWS * F::ROWS : 0;
  if (start < queries) tiles.begin(0, start);

  float keySums[F::STEPS][4], valueSums[F::STEPS][4];
  F::clear(keySums);
  F::clear(valueSums);
  float unit = scale * LOG2_E;
  unsigned rows = (place.image * heads + place.head) * queries;

  unsigned turn = 0;
  for (unsigned first = start; first < queries; first += F::ROWS, turn++) {
    await_copies();
    __syncthreads();  // this turn's tiles are there, and the last turn's no longer read
    if (first + F::ROWS < queries) tiles.begin(turn + 1, first + F::ROWS);
    float ps[F::TILES][4], slopes[F::TILES][4];
    F::template multiply<Precision>(F::warps_own(own), tiles.x_tile(turn), ps);
    F::template multiply<Precision>(F::warps_own(ownValues), tiles.y_tile(turn), slopes);
    bool isEdge = causal || first + F::ROWS > queries;
#pragma unroll
    for (int t = 0; t < F::TILES; t++) {
#pragma unroll
      for (int side = 0; side < 2; side++) {
        unsigned query = first + F::column() + 8 * t + side;
        unsigned at = rows + min(query, queries - 1);
        float logSum = LOG2_E * logSumExp[at];
        float common = delta[at];
#pragma unroll
        for (int i = side; i < 4; i += 2) {
          float p = exp2_of(fmaf(unit, ps[t][i], -logSum));
          if (isEdge && (query >= queries || (causal && row + i / 2 * 8 > query))) p = 0.0f;
          ps[t][i] = p;
          slopes[t][i] = scale * p * (slopes[t][i] - common);
        }
      }
    }
    F::template accumulate<Precision>(ps, tiles.y_tile(turn), valueSums);
    F::template accumulate<Precision>(slopes, tiles.x_tile(turn), keySums);
  }
  float ones[2] = {1.0f, 1.0f};
  unsigned offset = (place.image * keys * heads + place.head) * d;
  F::store(keySums, dk, ks, offset, place.first, ones);
  F::store(valueSums, dv, ks, offset, place.first, ones);
}

#define FLASH_VJP(PRECISION, NAME, D, WARPS)                                                                    \
  extern "C" __global__ void __launch_bounds__(32 * WARPS, 1) flash_queries_vjp_##D##_##NAME(                      \
      const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,                    \
      const float* __restrict__ dy, const float* __restrict__ logSumExp, const float* __restrict__ delta,       \
      float* __restrict__ dq, unsigned heads, unsigned queries, unsigned keys, unsigned d, float scale,         \
      int causal) {                                                                                             \
    queries_vjp<PRECISION, D, WARPS>(q, k, v, dy, logSumExp, delta, dq, heads, queries, keys, d, scale, causal); \
  }                                                                                                             \
  extern "C" __global__ void __launch_bounds__(32 * WARPS, 1) flash_keys_vjp_##D##_##NAME(                         \
      const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,                    \
      const float* __restrict__ dy, const float* __restrict__ logSumExp, const float* __restrict__ delta,       \
      float* __restrict__ dk, float* __restrict__ dv, unsigned heads, unsigned queries, unsigned keys,          \
      unsigned d, float scale, int causal) {                                                                    \
    keys_vjp<PRECISION, D, WARPS>(q, k, v, dy, logSumExp, delta, dk, dv, heads, queries, keys, d, scale,        \
                                  causal);                                                                      \
  }

FLASH_VJP(Single, f32, 40, 4)
FLASH_VJP(Single, f32, 64, 4)
FLASH_VJP(Single, f32, 80, 4)
FLASH_VJP(Single, f32, 160, 2)
FLASH_VJP(Tf32, tf32, 40, 4)
FLASH_VJP(Tf32, tf32, 64, 4)
FLASH_VJP(Tf32, tf32, 80, 4)
FLASH_VJP(Tf32, tf32, 160, 2)
FLASH_VJP(Bfloat16, bf16, 40, 4)
FLASH_VJP(Bfloat16, bf16, 64, 4)
FLASH_VJP(Bfloat16, bf16, 80, 4)
FLASH_VJP(Bfloat16, bf16, 160, 2)
