// Kernels that move elements.

// y[i . y strides] = x[i . x strides] for every multi-index i below the sizes; one thread an
// element, in the order of y. The axes before the last `rank` have size 1.
#define COPY(NAME, TYPE)                                                                        \
  extern "C" __global__ void __launch_bounds__(MAP_THREADS) copy_##NAME(                        \
      const TYPE* __restrict__ x, TYPE* __restrict__ y, unsigned size, int rank, unsigned s1,   \
      unsigned s2, unsigned s3, unsigned s4, unsigned x0, unsigned x1, unsigned x2, unsigned x3, \
      unsigned x4, unsigned y0, unsigned y1, unsigned y2, unsigned y3, unsigned y4) {           \
    unsigned i = element();                                                                     \
    if (i >= size) return;                                                                      \
    unsigned rest = i, p = 0, q = 0;                                                            \
    if (rank > 1) p += rest % s4 * x4, q += rest % s4 * y4, rest /= s4;                         \
    if (rank > 2) p += rest % s3 * x3, q += rest % s3 * y3, rest /= s3;                         \
    if (rank > 3) p += rest % s2 * x2, q += rest % s2 * y2, rest /= s2;                         \
    if (rank > 4) p += rest % s1 * x1, q += rest % s1 * y1, rest /= s1;                         \
    y[q + rest * y0] = x[p + rest * x0];                                                        \
  }

COPY(f32, float)
COPY(f64, double)

// y [rows, d] = rows `index` of table [K, d]
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    gather_f32(const float* __restrict__ table, const int* __restrict__ index, float* __restrict__ y,
               unsigned size, unsigned d) {
  unsigned i = element();
  if (i < size) y[i] = table[(unsigned)index[i / d] * d + i % d];
}

// dTable [K, d] = sums of the rows of dy that came from each row: rows[start[k]] .. rows[start[k+1] - 1]
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    gather_vjp_f32(const float* __restrict__ dy, const int* __restrict__ start, const int* __restrict__ rows,
                   float* __restrict__ dTable, unsigned size, unsigned d) {
  unsigned i = element();
  if (i >= size) return;
  unsigned k = i / d;
  float sum = 0.0f;
  for (int e = start[k]; e < start[k + 1]; e++) sum += dy[(unsigned)rows[e] * d + i % d];
  dTable[i] = sum;
}

// y = x, half precision to single
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    widen_f16(const unsigned short* __restrict__ x, float* __restrict__ y, unsigned size) {
  unsigned i = element();
  if (i < size) {
    float wide;
    asm("cvt.f32.f16 %0, %1;" : "=f"(wide) : "h"(x[i]));
    y[i] = wide;
  }
}
