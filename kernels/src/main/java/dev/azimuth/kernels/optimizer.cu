// Kernels that change tensors in place: one step of an optimizer or an average.

// p = p keep; m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; p = p - rate m / (sqrt(v) / root + eps)
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    adamw_f32(float* __restrict__ p, const float* __restrict__ gradient, float* __restrict__ ms,
              float* __restrict__ vs, unsigned size, float keep, float beta1, float oneMinusBeta1, float beta2,
              float oneMinusBeta2, float rate, float root, float eps) {
  unsigned i = element();
  if (i >= size) return;
  float g = gradient[i];
  float m = beta1 * ms[i] + oneMinusBeta1 * g;
  float v = beta2 * vs[i] + oneMinusBeta2 * g * g;
  ms[i] = m;
  vs[i] = v;
  p[i] = p[i] * keep - rate * m / (sqrtf(v) / root + eps);
}

// shadow = shadow - rate (shadow - value)
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    ema_f32(float* __restrict__ shadow, const float* __restrict__ value, unsigned size, float rate) {
  unsigned i = element();
  if (i < size) shadow[i] -= rate * (shadow[i] - value[i]);
}
