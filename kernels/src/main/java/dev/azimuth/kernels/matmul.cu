// y_b [m, n] = A_b B_b + bias: a block for each tile of y, split of k and batch b.

// A matrix whose inner index runs along memory, [outer, k], or along columns, [k, outer].
template <bool ROWS>
struct Matrix {
  static const bool ALONG_INNER = ROWS;
  typedef int Outer;
  typedef int Inner;
  const float* __restrict__ x;
  int count;  // outer indices
  int pitch;  // between rows in memory

  __device__ __forceinline__ Outer outer(int i) const { return i; }
  __device__ __forceinline__ Inner inner(int k) const { return ROWS ? k : k * pitch; }
  __device__ __forceinline__ float at(Outer i, Inner k) const {
    return i < count ? x[ROWS ? i * pitch + k : k + i] : 0.0f;
  }
};

// A batch's matrix begins at offsets[b], or at first + b step where there are no offsets.
__device__ __forceinline__ int offset(const int* __restrict__ offsets, int first, int step, int batch) {
  return offsets != 0 ? offsets[batch] : first + batch * step;
}

// With one split, y; with several, y is [splits, batches, m, n], which matmul_join adds up.
template <class Product, int TILE, bool TRANSPOSE_A, bool TRANSPOSE_B>
__device__ __forceinline__ void matmul(const float* __restrict__ a, const int* __restrict__ aOffsets, int aFirst,
                                       int aStep, const float* __restrict__ b, const int* __restrict__ bOffsets,
                                       int bFirst, int bStep, const float* __restrict__ bias,
                                       float* __restrict__ y, int batches, int m, int n, int k, int splits,
                                       int kPerSplit) {
  typedef Gemm<Product, TILE> Cut;
  typename Cut::Block block(m, n, splits);
  Matrix<!TRANSPOSE_A> left = {a + offset(aOffsets, aFirst, aStep, block.batch), m, TRANSPOSE_A ? m : k};
  Matrix<TRANSPOSE_B> right = {b + offset(bOffsets, bFirst, bStep, block.batch), n, TRANSPOSE_B ? k : n};
  int k0 = block.split * kPerSplit;
  typename Cut::Sums sums;
  Cut::multiply(left, right, block.row0, block.column0, k0, min(k, k0 + kPerSplit), sums);
  y += (block.split * batches + block.batch) * m * n;
  Cut::store(sums, bias, y, block.row0, block.column0, m, n, n);
}

#define MATMUL(PRODUCT, SUFFIX, NAME, TILE, TRANSPOSE_A, TRANSPOSE_B)                                            \
  extern "C" __global__ void __launch_bounds__(GEMM_THREADS, 1) matmul_##NAME##_##TILE##_##SUFFIX(               \
      const float* __restrict__ a, const int* __restrict__ aOffsets, int aFirst, int aStep,                      \
      const float* __restrict__ b, const int* __restrict__ bOffsets, int bFirst, int bStep,                      \
      const float* __restrict__ bias, float* __restrict__ y, int batches, int m, int n, int k, int splits,       \
      int kPerSplit) {                                                                                           \
    matmul<PRODUCT, TILE, TRANSPOSE_A, TRANSPOSE_B>(a, aOffsets, aFirst, aStep, b, bOffsets, bFirst, bStep,      \
                                                    bias, y, batches, m, n, k, splits, kPerSplit);               \
  }
#define MATMULS(PRODUCT, SUFFIX)              \
  MATMUL(PRODUCT, SUFFIX, nn, 64, false, false)  \
  MATMUL(PRODUCT, SUFFIX, nt, 64, false, true)   \
  MATMUL(PRODUCT, SUFFIX, tn, 64, true, false)   \
  MATMUL(PRODUCT, SUFFIX, tt, 64, true, true)    \
  MATMUL(PRODUCT, SUFFIX, nn, 128, false, false) \
  MATMUL(PRODUCT, SUFFIX, nt, 128, false, true)  \
  MATMUL(PRODUCT, SUFFIX, tn, 128, true, false)  \
  MATMUL(PRODUCT, SUFFIX, tt, 128, true, true)

MATMULS(Single, f32)
MATMULS(Tf32, tf32)
MATMULS(Bfloat16, bf16)

// y[i] = sum over splits of partial[s, i] + bias[i mod n]; bias may be null
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    matmul_join_f32(const float* __restrict__ partial, const float* __restrict__ bias, float* __restrict__ y,
                    unsigned size, unsigned n, int splits) {
  unsigned i = element();
  if (i >= size) return;
  float sum = 0.0f;
  for (int s = 0; s < splits; s++) sum += partial[s * size + i];
  y[i] = bias != 0 ? sum + bias[i % n] : sum;
}
