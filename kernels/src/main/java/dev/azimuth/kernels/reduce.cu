// x [outer, reduced, inner] to y [outer, chunks, inner]: chunk j joins elements j chunk ..
// (j + 1) chunk - 1 of the middle axis and divides by `divisor`. The launcher repeats until one
// chunk is left; the order never depends on the machine.

// inner = 1: a warp for each chunk
template <class Op>
__device__ __forceinline__ void reduce_rows(const float* __restrict__ x, float* __restrict__ y, unsigned outer,
                                            unsigned reduced, unsigned chunk, unsigned chunks, float divisor) {
  unsigned task = element() / 32;
  if (task >= outer * chunks) return;
  const float* row = x + task / chunks * reduced;
  unsigned from = task % chunks * chunk;
  unsigned to = min(reduced, from + chunk);
  float v = Op::zero();
  for (unsigned i = from + threadIdx.x % 32; i < to; i += 32) v = Op::of(v, row[i]);
  v = team<32, Op>(v);
  if (threadIdx.x % 32 == 0) y[task] = v / divisor;
}

// a thread for each chunk and inner index
template <class Op>
__device__ __forceinline__ void reduce_columns(const float* __restrict__ x, float* __restrict__ y, unsigned size,
                                               unsigned reduced, unsigned inner, unsigned chunk, unsigned chunks,
                                               float divisor) {
  unsigned i = element();
  if (i >= size) return;
  unsigned column = i % inner;
  unsigned task = i / inner;
  unsigned from = task % chunks * chunk;
  unsigned to = min(reduced, from + chunk);
  const float* first = x + task / chunks * reduced * inner + column;
  float v = Op::zero();
  for (unsigned r = from; r < to; r++) v = Op::of(v, first[r * inner]);
  y[i] = v / divisor;
}

#define REDUCE(NAME, OP)                                                                              \
  extern "C" __global__ void __launch_bounds__(MAP_THREADS)                                           \
      reduce_##NAME##_rows_f32(const float* __restrict__ x, float* __restrict__ y, unsigned outer,    \
                               unsigned reduced, unsigned chunk, unsigned chunks, float divisor) {    \
    reduce_rows<OP>(x, y, outer, reduced, chunk, chunks, divisor);                                    \
  }                                                                                                   \
  extern "C" __global__ void __launch_bounds__(MAP_THREADS)                                           \
      reduce_##NAME##_columns_f32(const float* __restrict__ x, float* __restrict__ y, unsigned size,  \
                                  unsigned reduced, unsigned inner, unsigned chunk, unsigned chunks,  \
                                  float divisor) {                                                    \
    reduce_columns<OP>(x, y, size, reduced, inner, chunk, chunks, divisor);                           \
  }

REDUCE(sum, Sum)
REDUCE(max, Max)
