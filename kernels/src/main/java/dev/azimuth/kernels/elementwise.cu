// Element-wise kernels: one thread an element, formulas as in UnaryFunction and BinaryFunction.

// y = value
#define FILL(NAME, TYPE)                                            \
  extern "C" __global__ void __launch_bounds__(MAP_THREADS)         \
      fill_##NAME(TYPE* __restrict__ y, TYPE value, unsigned size) { \
    unsigned i = element();                                         \
    if (i < size) y[i] = value;                                     \
  }

FILL(f32, float)
FILL(f64, double)

// y = f(x), and dx = dy f'(x), given y = f(x)
#define UNARY(NAME, VALUE, SLOPE)                                                              \
  __device__ __forceinline__ float NAME##_value(float x) { return VALUE; }                     \
  __device__ __forceinline__ float NAME##_slope(float x, float y) { return SLOPE; }            \
  extern "C" __global__ void __launch_bounds__(MAP_THREADS)                                    \
      unary_##NAME##_f32(const float* __restrict__ x, float* __restrict__ y, unsigned size) {  \
    unsigned i = element();                                                                    \
    if (i < size) y[i] = NAME##_value(x[i]);                                                   \
  }                                                                                            \
  extern "C" __global__ void __launch_bounds__(MAP_THREADS) unary_##NAME##_vjp_f32(            \
      const float* __restrict__ x, const float* __restrict__ y, const float* __restrict__ dy,  \
      float* __restrict__ dx, unsigned size) {                                                 \
    unsigned i = element();                                                                    \
    if (i < size) dx[i] = dy[i] * NAME##_slope(x[i], y[i]);                                    \
  }

UNARY(negate, -x, -1.0f)
UNARY(abs, fabsf(x), x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x)
UNARY(square, x* x, 2.0f * x)
UNARY(reciprocal, 1.0f / x, -y * y)
UNARY(exp, expf(x), y)
UNARY(log, logf(x), 1.0f / x)
UNARY(sqrt, sqrtf(x), 0.5f / y)
UNARY(sin, sinf(x), cosf(x))
UNARY(cos, cosf(x), -sinf(x))
UNARY(tanh, tanhf(x), 1.0f - y * y)
UNARY(sigmoid, sigmoid(x), y*(1.0f - y))
UNARY(silu, silu(x), silu_derivative(x))
UNARY(gelu, x* normal_cdf(x), normal_cdf(x) + x * normal_pdf(x))
UNARY(quick_gelu, x* sigmoid(1.702f * x), silu_derivative(1.702f * x))
UNARY(softplus, fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x))), sigmoid(x))

// y = scale x + shift
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    affine_f32(const float* __restrict__ x, float scale, float shift, float* __restrict__ y, unsigned size) {
  unsigned i = element();
  if (i < size) y[i] = scale * x[i] + shift;
}

// y = min(max(x, low), high); a NaN stays
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    clamp_f32(const float* __restrict__ x, float low, float high, float* __restrict__ y, unsigned size) {
  unsigned i = element();
  if (i < size) {
    float v = x[i];
    v = v < low ? low : v;
    y[i] = v > high ? high : v;
  }
}

// dx = dy where low <= x <= high, else 0
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    clamp_vjp_f32(const float* __restrict__ x, float low, float high, const float* __restrict__ dy,
                  float* __restrict__ dx, unsigned size) {
  unsigned i = element();
  if (i < size) dx[i] = low <= x[i] && x[i] <= high ? dy[i] : 0.0f;
}

// y = a where condition != 0, else b
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    select_f32(const float* __restrict__ condition, const float* __restrict__ a, const float* __restrict__ b,
               float* __restrict__ y, unsigned size) {
  unsigned i = element();
  if (i < size) y[i] = condition[i] != 0.0f ? a[i] : b[i];
}

// x [rows, 2 d] = [a, g]: y [rows, d] = a gelu(g)
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    geglu_f32(const float* __restrict__ x, float* __restrict__ y, unsigned size, unsigned d) {
  unsigned i = element();
  if (i < size) {
    unsigned a = i / d * 2 * d + i % d;
    float g = x[a + d];
    y[i] = x[a] * (g * normal_cdf(g));
  }
}

// da = dy gelu(g), dg = dy a gelu'(g)
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    geglu_vjp_f32(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ dx,
                  unsigned size, unsigned d) {
  unsigned i = element();
  if (i < size) {
    unsigned a = i / d * 2 * d + i % d;
    float g = x[a + d];
    float phi = normal_cdf(g);
    dx[a] = dy[i] * (g * phi);
    dx[a + d] = dy[i] * x[a] * (phi + g * normal_pdf(g));
  }
}
