// Attention on tensor cores, after FlashAttention-2 (Dao 2023): a block of WARPS warps owns 16 rows
// of one side for each warp and walks the other side in tiles of 8 WARPS rows. Head widths up to D.
//
// In shared memory a row has D + 4 floats: an odd number of 16-byte pieces, so that eight rows of
// one piece (a copy, an ldmatrix) and four even rows of two (below) lie in different banks.

#define LOG2_E 1.44269504f
#define LN_2 0.69314718f

__device__ __forceinline__ float exp2_of(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

template <int D, int WARPS>
struct Flash {
  static const int THREADS = 32 * WARPS;
  static const int OWN = 16 * WARPS;
  static const int ROWS = 8 * WARPS;  // of a tile
  static const int TILES = ROWS / 8;
  static const int STEPS = D / 8;
  static const int PITCH = D + 4;

  // Begins to copy rows first .. first + 7; zeros beyond the edges, where nothing is read.
  static __device__ __forceinline__ void begin_rows(const HeadRows& x, unsigned first, float* to) {
    unsigned row = first + threadIdx.x % 8;
    unsigned piece = threadIdx.x % 32 / 8;
    const float* from = x.x + row * x.pitch + piece * 4;
    unsigned target = shared_address(to + threadIdx.x % 8 * PITCH + piece * 4);
    unsigned isRow = row < x.count ? 16 : 0;
#pragma unroll
    for (int p = 0; p < D / 4; p += 4) {
      unsigned isPiece = p + piece < x.d / 4 ? 16 : 0;  // the same for every tile
      if (p + 4 <= D / 4 || piece < D / 4 - p) begin_copy(target + p * 16, from + p * 4, isRow & isPiece);
    }
  }

  // Begins to copy a tile, eight rows by each warp.
  static __device__ __forceinline__ void begin_tile(const HeadRows& x, unsigned first, float* tile) {
    unsigned warp = threadIdx.x / 32;
    begin_rows(x, first + 8 * warp, tile + 8 * warp * PITCH);
  }

  // Begins to copy the block's own rows, 16 by each warp.
  static __device__ __forceinline__ void begin_own(const HeadRows& x, unsigned first, float* own) {
    unsigned row = threadIdx.x / 32 * 16;
    begin_rows(x, first + row, own + row * PITCH);
    begin_rows(x, first + row + 8, own + (row + 8) * PITCH);
  }

  static __device__ __forceinline__ float* warps_own(float* own) { return own + threadIdx.x / 32 * 16 * PITCH; }

  // products[t] = the warp's own rows times rows 8 t .. 8 t + 7 of the tile, transposed.
  template <class Precision>
  static __device__ __forceinline__ void multiply(float* own, float* tile, float (&products)[TILES][4]) {
    unsigned lane = threadIdx.x % 32;
    // matrices: rows 0-7, rows 8-15, the same four channels right
    unsigned left = shared_address(own + lane % 16 * PITCH + lane / 16 * 4);
    // matrices: rows 0-7, the same four channels right, rows 8-15
    unsigned right = shared_address(tile + (lane % 8 + lane / 16 * 8) * PITCH + lane / 8 % 2 * 4);
#pragma unroll
    for (int t = 0; t < TILES; t++) {
#pragma unroll
      for (int i = 0; i < 4; i++) products[t][i] = 0.0f;
    }
#pragma unroll(STEPS <= 8 ? STEPS : 5)
    for (int s = 0; s < STEPS; s++) {
      float x[4];
      load_matrices(x, left + s * 32);
      typename Precision::template Fragment<4> a(x);
#pragma unroll
      for (int t = 0; t < TILES; t += 2) {
        float y[4];
        load_matrices(y, right + (t * 8 * PITCH + s * 8) * 4);
        float low[2] = {y[0], y[1]}, high[2] = {y[2], y[3]};
        typename Precision::template Fragment<2> b(low), c(high);
        Precision::multiply(products[t], a, b);
        Precision::multiply(products[t + 1], a, c);
      }
    }
  }

  // sums[s] += weights times channels 8 s .. 8 s + 7 of the tile. What a product left in a lane are
  // columns 2 l and 2 l + 1, l = lane % 4; as the next product's left side, they stand for its k = l
  // and l + 4. The order of k is free as long as both sides have the same.
  template <class Precision>
  static __device__ __forceinline__ void accumulate(const float (&weights)[TILES][4], const float* tile,
                                                    float (&sums)[STEPS][4]) {
    const float* from = tile + threadIdx.x % 4 * 2 * PITCH + threadIdx.x % 32 / 4;
#pragma unroll
    for (int t = 0; t < TILES; t++) {
      float x[4] = {weights[t][0], weights[t][2], weights[t][1], weights[t][3]};
      typename Precision::template Fragment<4> a(x);
#pragma unroll
      for (int s = 0; s < STEPS; s++) {
        float y[2] = {from[t * 8 * PITCH + s * 8], from[(t * 8 + 1) * PITCH + s * 8]};
        typename Precision::template Fragment<2> b(y);
        Precision::multiply(sums[s], a, b);
      }
    }
  }

  static __device__ __forceinline__ void clear(float (&sums)[STEPS][4]) {
#pragma unroll
    for (int s = 0; s < STEPS; s++) {
#pragma unroll
      for (int i = 0; i < 4; i++) sums[s][i] = 0.0f;
    }
  }

  // The lane's rows are row and row + 8, its columns of a product's t-th eight column + 8 t and the
  // next.
  static __device__ __forceinline__ unsigned row() { return threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4; }
  static __device__ __forceinline__ unsigned column() { return threadIdx.x % 4 * 2; }

  // y[first + row] = scale[row] sums, of a head of y [images, count, heads d].
  static __device__ __forceinline__ void store(const float (&sums)[STEPS][4], float* __restrict__ y,
                                               const HeadRows& of, unsigned offset, unsigned first,
                                               const float (&scale)[2]) {
#pragma unroll
    for (int half = 0; half < 2; half++) {
      unsigned r = first + row() + 8 * half;
      if (r >= of.count) continue;
      float* to = y + offset + r * of.pitch + column();
#pragma unroll
      for (int s = 0; s < STEPS; s++) {
        if (column() + 8 * s < of.d) {
          *(float2*)(to + 8 * s) =
              make_float2(scale[half] * sums[s][2 * half], scale[half] * sums[s][2 * half + 1]);
        }
      }
    }
  }
};
