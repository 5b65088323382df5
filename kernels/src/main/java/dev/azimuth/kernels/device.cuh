// What several kernels share. No kernel includes anything: build-ptx puts the *.cuh before each.

// Threads of a block whose threads each make one element.
#define MAP_THREADS 256

#define MINUS_INFINITY __int_as_float(0xff800000)
#define NOT_A_NUMBER __int_as_float(0x7fffffff)

// The element of this thread; a 1-D grid of blocks of MAP_THREADS.
__device__ __forceinline__ unsigned element() { return blockIdx.x * (unsigned)MAP_THREADS + threadIdx.x; }

// 1 / (1 + exp(-x)); the exponent stays negative so that it cannot overflow.
__device__ __forceinline__ float sigmoid(float x) {
  float e = expf(-fabsf(x));
  return (x >= 0.0f ? 1.0f : e) / (1.0f + e);
}

// The normal distribution function. erfc keeps the relative accuracy of the lower tail.
__device__ __forceinline__ float normal_cdf(float x) { return 0.5f * erfcf(-0.70710678f * x); }

// The standard normal density. A product's low half from fma: exp would magnify its rounding.
__device__ __forceinline__ float normal_pdf(float x) {
  float square = x * x;
  float low = fmaf(x, x, -square);
  return 0.39894228f * expf(-0.5f * square) * (1.0f - 0.5f * low);
}

// silu(x) = x s, its derivative s (1 + x (1 - s)), s = sigmoid(x).
__device__ __forceinline__ float silu(float x) { return x * sigmoid(x); }

__device__ __forceinline__ float silu_derivative(float x) {
  float s = sigmoid(x);
  return s * (1.0f + x * sigmoid(-x));
}

// The larger value; a NaN wins.
__device__ __forceinline__ float larger(float a, float b) { return a > b || a != a ? a : b; }

struct Sum {
  static __device__ __forceinline__ float zero() { return 0.0f; }
  static __device__ __forceinline__ float of(float a, float b) { return a + b; }
};

struct Max {
  static __device__ __forceinline__ float zero() { return MINUS_INFINITY; }
  static __device__ __forceinline__ float of(float a, float b) { return larger(a, b); }
};

// A team is a warp (TEAM = 32) or a whole block of TEAM threads.
template <int TEAM>
__device__ __forceinline__ int team_lane() {
  return threadIdx.x % TEAM;
}

// Joins v over the team, in the same order always; every thread gets the same bits.
template <int TEAM, class Op>
__device__ __forceinline__ float team(float v) {
#pragma unroll
  for (int distance = 16; distance > 0; distance /= 2) {
    v = Op::of(v, __shfl_xor_sync(0xffffffffu, v, distance));
  }
  if (TEAM > 32) {
    __shared__ float warps[TEAM / 32];
    __syncthreads();  // the last joining may still be read
    if (threadIdx.x % 32 == 0) warps[threadIdx.x / 32] = v;
    __syncthreads();
    v = warps[0];
#pragma unroll
    for (int w = 1; w < TEAM / 32; w++) v = Op::of(v, warps[w]);
  }
  return v;
}
