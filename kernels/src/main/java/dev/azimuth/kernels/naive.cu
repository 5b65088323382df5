// y = softmax(scale q k^T) v per head in three steps, with all scores [images, heads, queries, keys] in
// memory between them.

// scores = scale q k^T, minus infinity where a query doesn't see a key
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    naive_scores_f32(const float* __restrict__ q, const float* __restrict__ k, float* __restrict__ scores,
                     unsigned size, unsigned heads, unsigned queries, unsigned keys, unsigned d, float scale,
                     int causal) {
  unsigned i = element();
  if (i >= size) return;
  unsigned key = i % keys, query = i / keys % queries;
  unsigned head = i / keys / queries % heads, image = i / keys / queries / heads;
  if (causal && key > query) {
    scores[i] = MINUS_INFINITY;
    return;
  }
  const float* a = q + ((image * queries + query) * heads + head) * d;
  const float* b = k + ((image * keys + key) * heads + head) * d;
  float sum = 0.0f;
  for (unsigned c = 0; c < d; c++) sum += a[c] * b[c];
  scores[i] = scale * sum;
}

// p = softmax of each row, in place, and the row's logSumExp: a warp for each row
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    naive_softmax_f32(float* __restrict__ scores, float* __restrict__ logSumExp, unsigned rows, unsigned keys) {
  unsigned row = element() / 32;
  if (row >= rows) return;
  float* x = scores + row * keys;
  unsigned lane = threadIdx.x % 32;
  float most = MINUS_INFINITY;
  for (unsigned j = lane; j < keys; j += 32) most = larger(most, x[j]);
  most = team<32, Max>(most);
  float sum = 0.0f;
  for (unsigned j = lane; j < keys; j += 32) sum += expf(x[j] - most);
  sum = team<32, Sum>(sum);
  for (unsigned j = lane; j < keys; j += 32) x[j] = expf(x[j] - most) / sum;
  if (lane == 0) logSumExp[row] = most + logf(sum);
}

// y = p v
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    naive_values_f32(const float* __restrict__ p, const float* __restrict__ v, float* __restrict__ y, unsigned size,
                     unsigned heads, unsigned queries, unsigned keys, unsigned d) {
  unsigned i = element();
  if (i >= size) return;
  unsigned c = i % d, head = i / d % heads;
  unsigned query = i / d / heads % queries, image = i / d / heads / queries;
  const float* weights = p + ((image * heads + head) * queries + query) * keys;
  float sum = 0.0f;
  for (unsigned j = 0; j < keys; j++) sum += weights[j] * v[((image * keys + j) * heads + head) * d + c];
  y[i] = sum;
}
