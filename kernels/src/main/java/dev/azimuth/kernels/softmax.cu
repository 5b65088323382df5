// The softmax family over rows [rows, columns]: a warp for each row, or a block where rows are long.

#define ROW_THREADS 256

// y = exp(x - max x) / sum
template <int TEAM>
__device__ __forceinline__ void softmax(const float* __restrict__ x, float* __restrict__ y, float max, float sum,
                                        unsigned columns) {
  for (unsigned j = team_lane<TEAM>(); j < columns; j += TEAM) y[j] = expf(x[j] - max) / sum;
}

// y = x - max x - ln sum
template <int TEAM>
__device__ __forceinline__ void log_softmax(const float* __restrict__ x, float* __restrict__ y, float max,
                                            float sum, unsigned columns) {
  float logSum = logf(sum);
  for (unsigned j = team_lane<TEAM>(); j < columns; j += TEAM) y[j] = x[j] - max - logSum;
}

#define FORWARD(NAME, TEAM)                                                                                \
  extern "C" __global__ void __launch_bounds__(ROW_THREADS)                                                \
      NAME##_##TEAM##_f32(const float* __restrict__ x, float* __restrict__ y, unsigned rows, unsigned columns) { \
    unsigned row = (blockIdx.x * (unsigned)ROW_THREADS + threadIdx.x) / TEAM;                              \
    if (row >= rows) return;                                                                               \
    x += row * columns;                                                                                    \
    float most = MINUS_INFINITY;                                                                           \
    for (unsigned j = team_lane<TEAM>(); j < columns; j += TEAM) most = larger(most, x[j]);                \
    most = team<TEAM, Max>(most);                                                                          \
    float sum = 0.0f;                                                                                      \
    for (unsigned j = team_lane<TEAM>(); j < columns; j += TEAM) sum += expf(x[j] - most);                 \
    sum = team<TEAM, Sum>(sum);                                                                            \
    NAME<TEAM>(x, y + row * columns, most, sum, columns);                                                  \
  }

FORWARD(softmax, 32)
FORWARD(softmax, 256)
FORWARD(log_softmax, 32)
FORWARD(log_softmax, 256)

// dx = y (dy - sum(y dy))
struct Softmax {
  static __device__ __forceinline__ float term(float y, float dy) { return y * dy; }
  static __device__ __forceinline__ float slope(float y, float dy, float sum) { return y * (dy - sum); }
};

// dx = dy - exp(y) sum(dy)
struct LogSoftmax {
  static __device__ __forceinline__ float term(float y, float dy) { return dy; }
  static __device__ __forceinline__ float slope(float y, float dy, float sum) { return dy - expf(y) * sum; }
};

#define VJP(NAME, TYPE, TEAM)                                                                           \
  extern "C" __global__ void __launch_bounds__(ROW_THREADS)                                             \
      NAME##_vjp_##TEAM##_f32(const float* __restrict__ y, const float* __restrict__ dy,                \
                              float* __restrict__ dx, unsigned rows, unsigned columns) {                \
    unsigned row = (blockIdx.x * (unsigned)ROW_THREADS + threadIdx.x) / TEAM;                           \
    if (row >= rows) return;                                                                            \
    unsigned from = row * columns + team_lane<TEAM>();                                                  \
    unsigned to = (row + 1) * columns;                                                                  \
    float sum = 0.0f;                                                                                   \
    for (unsigned j = from; j < to; j += TEAM) sum += TYPE::term(y[j], dy[j]);                          \
    sum = team<TEAM, Sum>(sum);                                                                         \
    for (unsigned j = from; j < to; j += TEAM) dx[j] = TYPE::slope(y[j], dy[j], sum);                   \
  }

VJP(softmax, Softmax, 32)
VJP(softmax, Softmax, 256)
VJP(log_softmax, LogSoftmax, 32)
VJP(log_softmax, LogSoftmax, 256)
