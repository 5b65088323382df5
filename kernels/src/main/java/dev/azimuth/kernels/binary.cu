// y = f(a, b), the operands broadcast: one thread an element of y.

__device__ __forceinline__ float maximum(float a, float b) {
  if (a != a || b != b) return a + b;
  // of two zeros the positive one
  return a > b ? a : b > a ? b : __int_as_float(__float_as_int(a) & __float_as_int(b));
}

__device__ __forceinline__ float minimum(float a, float b) {
  if (a != a || b != b) return a + b;
  return a < b ? a : b < a ? b : __int_as_float(__float_as_int(a) | __float_as_int(b));
}

// Element i of y, axes of sizes (.., s1, s2, s3, s4), is at these strides in an operand. The axes
// before the last `rank` have size 1.
#define BINARY(NAME, VALUE)                                                                     \
  extern "C" __global__ void __launch_bounds__(MAP_THREADS) binary_##NAME##_f32(                \
      const float* __restrict__ as, const float* __restrict__ bs, float* __restrict__ y,        \
      unsigned size, int rank, unsigned s1, unsigned s2, unsigned s3, unsigned s4, unsigned a0, \
      unsigned a1, unsigned a2, unsigned a3, unsigned a4, unsigned b0, unsigned b1, unsigned b2, \
      unsigned b3, unsigned b4) {                                                               \
    unsigned i = element();                                                                     \
    if (i >= size) return;                                                                      \
    unsigned rest = i, p = 0, q = 0;                                                            \
    if (rank > 1) p += rest % s4 * a4, q += rest % s4 * b4, rest /= s4;                         \
    if (rank > 2) p += rest % s3 * a3, q += rest % s3 * b3, rest /= s3;                         \
    if (rank > 3) p += rest % s2 * a2, q += rest % s2 * b2, rest /= s2;                         \
    if (rank > 4) p += rest % s1 * a1, q += rest % s1 * b1, rest /= s1;                         \
    float a = as[p + rest * a0];                                                                \
    float b = bs[q + rest * b0];                                                                \
    y[i] = VALUE;                                                                               \
  }

BINARY(add, a + b)
BINARY(subtract, a - b)
BINARY(multiply, a* b)
BINARY(divide, a / b)
BINARY(maximum, maximum(a, b))
BINARY(minimum, minimum(a, b))
BINARY(less, a < b ? 1.0f : 0.0f)
BINARY(less_or_equal, a <= b ? 1.0f : 0.0f)
BINARY(greater, a > b ? 1.0f : 0.0f)
BINARY(greater_or_equal, a >= b ? 1.0f : 0.0f)
BINARY(equal, a == b ? 1.0f : 0.0f)
BINARY(not_equal, a != b ? 1.0f : 0.0f)
