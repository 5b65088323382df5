// y = softmax(scale q k^T) v per head, with logSumExp of each row of scale q k^T: as attention.cu
// does it, on tensor cores and with copies under way while they multiply. k's tile arrives while
// the tile of v before it is multiplied, and v's while k's is.
template <class Precision, int D, int WARPS>
__device__ __forceinline__ void flash(const float* __restrict__ q, const float* __restrict__ k,
                                      const float* __restrict__ v, float* __restrict__ y,
                                      float* __restrict__ logSumExp, unsigned heads, unsigned queries,
                                      unsigned keys, unsigned d, float scale, int causal) {
  typedef Flash<D, WARPS> F;
  extern __shared__ __align__(16) float own[];  // [OWN][PITCH]: the queries; then a tile of k, one of v
  float* keyTile = own + F::OWN * F::PITCH;
  float* valueTile = keyTile + F::ROWS * F::PITCH;
  Place place(queries, F::OWN, heads);
  HeadRows qs(q, place.image, place.head, queries, heads, d);
  HeadRows ks(k, place.image, place.head, keys, heads, d);
  HeadRows vs(v, place.image, place.head, keys, heads, d);
  unsigned row = place.first + F::row();
  F::begin_own(qs, place.first, own);
  F::begin_tile(ks, 0, keyTile);

  float most[2] = {MINUS_INFINITY, MINUS_INFINITY};  // of scores in units of log 2
  float sum[2] = {0.0f, 0.0f};                       // of this lane's columns
  float out[F::STEPS][4];
  F::clear(out);
  float unit = scale * LOG2_E;

  unsigned seen = causal ? min(keys, place.first + F::OWN) : keys;
  for (unsigned first = 0; first < seen; first += F::ROWS) {
    await_copies();
    __syncthreads();  // k's tile is there, and v's last no longer read
    F::begin_tile(vs, first, valueTile);
    float p[F::TILES][4];
    F::template multiply<Precision>(F::warps_own(own), keyTile, p);
#pragma unroll
    for (int t = 0; t < F::TILES; t++) {
#pragma unroll
      for (int i = 0; i < 4; i++) p[t][i] *= unit;
    }
    if (causal || first + F::ROWS > keys) {
#pragma unroll
      for (int t = 0; t < F::TILES; t++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          unsigned key = first + F::column() + 8 * t + i % 2;
          if (key >= keys || (causal && key > row + i / 2 * 8)) p[t][i] = MINUS_INFINITY;
        }
      }
    }
    // the first tile has a key that the row sees, so that `now` is finite
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float now = most[half];
#pragma unroll
      for (int t = 0; t < F::TILES; t++) now = fmaxf(now, fmaxf(p[t][2 * half], p[t][2 * half + 1]));
      now = fmaxf(now, __shfl_xor_sync(0xffffffffu, now, 1));
      now = fmaxf(now, __shfl_xor_sync(0xffffffffu, now, 2));
      float shrink = exp2_of(most[half] - now);
      most[half] = now;
      sum[half] *= shrink;
#pragma unroll
      for (int t = 0; t < F::TILES; t++) {
#pragma unroll
        for (int i = 2 * half; i < 2 * half + 2; i++) {
          p[t][i] = exp2_of(p[t][i] - now);
          sum[half] += p[t][i];
        }
      }
#pragma unroll
      for (int s = 0; s < F::STEPS; s++) {
        out[s][2 * half] *= shrink;
        out[s][2 * half + 1] *= shrink;
      }
    }
    await_copies();
    __syncthreads();  // v's tile is there, and k's no longer read
    if (first + F::ROWS < seen) F::begin_tile(ks, first + F::ROWS, keyTile);
    F::template accumulate<Precision>(p, valueTile, out);
  }

  float inverse[2];
#pragma unroll
  for (int half = 0; half < 2; half++) {
    sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 1);
    sum[half] += __shfl_xor_sync(0xffffffffu, sum[half], 2);
    inverse[half] = 1.0f / sum[half];
    unsigned r = row + 8 * half;
    if (threadIdx.x % 4 == 0 && r < queries) {
      logSumExp[(place.image * heads + place.head) * queries + r] = LN_2 * (most[half] + log2f(sum[half]));
    }
  }
  F::store(out, y, qs, (place.image * queries * heads + place.head) * d, place.first, inverse);
}

#define FLASH(PRECISION, NAME, D, WARPS)                                                                      \
  extern "C" __global__ void __launch_bounds__(32 * WARPS, 1) flash_##D##_##NAME(                                \
      const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,                  \
      float* __restrict__ y, float* __restrict__ logSumExp, unsigned heads, unsigned queries, unsigned keys,  \
      unsigned d, float scale, int causal) {                                                                  \
    flash<PRECISION, D, WARPS>(q, k, v, y, logSumExp, heads, queries, keys, d, scale, causal);                \
  }

FLASH(Single, f32, 40, 4)
FLASH(Single, f32, 64, 4)
FLASH(Single, f32, 80, 4)
FLASH(Single, f32, 160, 4)
FLASH(Tf32, tf32, 40, 4)
FLASH(Tf32, tf32, 64, 4)
FLASH(Tf32, tf32, 80, 4)
FLASH(Tf32, tf32, 160, 4)
FLASH(Bfloat16, bf16, 40, 4)
FLASH(Bfloat16, bf16, 64, 4)
FLASH(Bfloat16, bf16, 80, 4)
FLASH(Bfloat16, bf16, 160, 4)
