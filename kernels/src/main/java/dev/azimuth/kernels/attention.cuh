// What the attention kernels share. A block of four warps owns 4 x OWN rows of one side (queries,
// or keys in the gradient of keys and values), OWN for each warp; it walks the other side in tiles
// of 32 rows, a lane for each. Head widths are cut into chunks of 64 channels.

#define ATTENTION_THREADS 128
#define CHUNK 64
#define TILE_PITCH (CHUNK + 1)  // lanes that read a column each hit a bank of their own

// Head `head` of image `image` of x [images, count, heads d], as a matrix [count, d].
struct HeadRows {
  const float* __restrict__ x;
  unsigned count, d, pitch;

  __device__ __forceinline__ HeadRows(const float* __restrict__ x, unsigned image, unsigned head, unsigned count,
                                      unsigned heads, unsigned d)
      : x(x + (image * count * heads + head) * d), count(count), d(d), pitch(heads * d) {}

  __device__ __forceinline__ float at(unsigned row, unsigned c) const {
    return row < count && c < d ? x[row * pitch + c] : 0.0f;
  }

  // The block's own rows, transposed, [warp][c][OWN], so that a warp reads a channel of all its
  // rows at once.
  template <int OWN>
  __device__ __forceinline__ void load_own(float* own, unsigned first) const {
    for (unsigned i = threadIdx.x; i < 4 * OWN * d; i += ATTENTION_THREADS) {
      unsigned row = i / d, c = i % d;
      own[(row / OWN * d + c) * OWN + row % OWN] = at(first + row, c);
    }
  }

  // Rows first .. first + 31, channels c0 .. c0 + 63; zeros beyond the edges.
  __device__ __forceinline__ void load_tile(float (*tile)[TILE_PITCH], unsigned first, unsigned c0) const {
    unsigned c = threadIdx.x % CHUNK;
#pragma unroll
    for (unsigned row = threadIdx.x / CHUNK; row < 32; row += ATTENTION_THREADS / CHUNK) {
      tile[row][c] = at(first + row, c0 + c);
    }
  }
};

// OWN neighbours in shared memory, which are aligned to their size.
template <int OWN>
__device__ __forceinline__ void read(const float* from, float (&v)[OWN]) {
  if (OWN % 4 == 0) {
#pragma unroll
    for (int i = 0; i < OWN; i += 4) {
      float4 four = *(const float4*)(from + i);
      v[i] = four.x, v[i + 1] = four.y, v[i + 2] = four.z, v[i + 3] = four.w;
    }
  } else {
#pragma unroll
    for (int i = 0; i < OWN; i++) v[i] = from[i];
  }
}

// dots[i] = own row i times this lane's row of x's tile at `first`, over all channels. All warps
// come here together.
template <int OWN>
__device__ __forceinline__ void products(const HeadRows& x, unsigned first, const float* own,
                                         float (*tile)[TILE_PITCH], float (&dots)[OWN]) {
#pragma unroll
  for (int i = 0; i < OWN; i++) dots[i] = 0.0f;
  for (unsigned c0 = 0; c0 < x.d; c0 += CHUNK) {
    __syncthreads();  // the tile may still be read
    x.load_tile(tile, first, c0);
    __syncthreads();
    unsigned channels = min((unsigned)CHUNK, x.d - c0);
#pragma unroll 4
    for (unsigned c = 0; c < channels; c++) {
      float a[OWN];
      read<OWN>(own + (c0 + c) * OWN, a);
      float b = tile[threadIdx.x % 32][c];
#pragma unroll
      for (int i = 0; i < OWN; i++) dots[i] += a[i] * b;
    }
  }
}

// sums[i][s] += sum over the tile's rows j of weights[j][i] x[first + j][32 s + lane].
template <int OWN, int CHUNKS>
__device__ __forceinline__ void accumulate(const HeadRows& x, unsigned first, const float* weights,
                                           float (*tile)[TILE_PITCH], float (&sums)[OWN][2 * CHUNKS]) {
#pragma unroll
  for (int chunk = 0; chunk < CHUNKS; chunk++) {
    __syncthreads();
    x.load_tile(tile, first, chunk * CHUNK);
    __syncthreads();
#pragma unroll 4
    for (int j = 0; j < 32; j++) {
      float w[OWN];
      read<OWN>(weights + j * OWN, w);
      float low = tile[j][threadIdx.x % 32];
      float high = tile[j][threadIdx.x % 32 + 32];
#pragma unroll
      for (int i = 0; i < OWN; i++) {
        sums[i][2 * chunk] += w[i] * low;
        sums[i][2 * chunk + 1] += w[i] * high;
      }
    }
  }
}

template <int OWN, int CHUNKS>
__device__ __forceinline__ void clear(float (&sums)[OWN][2 * CHUNKS]) {
#pragma unroll
  for (int i = 0; i < OWN; i++) {
#pragma unroll
    for (int s = 0; s < 2 * CHUNKS; s++) sums[i][s] = 0.0f;
  }
}

// y[first + i][32 s + lane] = scale sums[i][s], rows of a head of y [images, count, heads d].
template <int OWN, int CHUNKS>
__device__ __forceinline__ void store(const float (&sums)[OWN][2 * CHUNKS], float* __restrict__ y, unsigned image,
                                      unsigned head, unsigned count, unsigned heads, unsigned d, unsigned first,
                                      const float (&scale)[OWN]) {
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    unsigned row = first + i;
    if (row >= count) break;
#pragma unroll
    for (int s = 0; s < 2 * CHUNKS; s++) {
      unsigned c = s * 32 + threadIdx.x % 32;
      if (c < d) y[((image * count + row) * heads + head) * d + c] = scale[i] * sums[i][s];
    }
  }
}

// The block's first own row, its head and its image: tiles of rows fastest.
struct Place {
  unsigned first, head, image;
  __device__ __forceinline__ Place(unsigned count, unsigned rows, unsigned heads) {
    unsigned tiles = (count + rows - 1) / rows;
    first = blockIdx.x % tiles * rows;
    head = blockIdx.x / tiles % heads;
    image = blockIdx.x / tiles / heads;
  }
};
