// Group normalisation of x [images, positions, channels]: a group is `width` consecutive channels
// of one image. A layer norm is one group a row: images = rows, positions = 1, width = channels.

#define NORM_THREADS 256

// Walks a group's elements, TEAM at a time; channels first, so that neighbours read neighbours.
template <int TEAM>
struct Walk {
  unsigned position, c;  // c within the group
  unsigned positionStep, cStep, width;

  __device__ __forceinline__ Walk(unsigned width) : width(width) {
    position = team_lane<TEAM>() / width;
    c = team_lane<TEAM>() % width;
    positionStep = TEAM / width;
    cStep = TEAM % width;
  }

  __device__ __forceinline__ void next() {
    position += positionStep;
    c += cStep;
    if (c >= width) {
      c -= width;
      position++;
    }
  }
};

// a = (x - mean) rstd weight + bias; y = a, or silu(a)
#define NORM(TEAM)                                                                                       \
  extern "C" __global__ void __launch_bounds__(NORM_THREADS)                                             \
      norm_##TEAM##_f32(const float* __restrict__ x, const float* __restrict__ weight,                   \
                        const float* __restrict__ bias, float* __restrict__ y, float* __restrict__ means, \
                        float* __restrict__ rstds, unsigned count, unsigned positions, unsigned channels, \
                        unsigned width, float eps, int isSilu) {                                         \
    norm<TEAM>(x, weight, bias, y, means, rstds, count, positions, channels, width, eps, isSilu);        \
  }

template <int TEAM>
__device__ __forceinline__ void norm(const float* __restrict__ x, const float* __restrict__ weight,
                                     const float* __restrict__ bias, float* __restrict__ y,
                                     float* __restrict__ means, float* __restrict__ rstds, unsigned count,
                                     unsigned positions, unsigned channels, unsigned width, float eps, int isSilu) {
  unsigned group = (blockIdx.x * (unsigned)NORM_THREADS + threadIdx.x) / TEAM;
  if (group >= count) return;
  unsigned groups = channels / width;
  unsigned channel = group % groups * width;
  unsigned first = group / groups * positions * channels + channel;
  float size = (float)(positions * width);
  float sum = 0.0f;
  for (Walk<TEAM> w(width); w.position < positions; w.next()) sum += x[first + w.position * channels + w.c];
  float mean = team<TEAM, Sum>(sum) / size;
  // centred: E[x^2] - mean^2 would cancel far from zero
  float squares = 0.0f;
  for (Walk<TEAM> w(width); w.position < positions; w.next()) {
    float centred = x[first + w.position * channels + w.c] - mean;
    squares += centred * centred;
  }
  float rstd = 1.0f / sqrtf(team<TEAM, Sum>(squares) / size + eps);
  if (team_lane<TEAM>() == 0) {
    means[group] = mean;
    rstds[group] = rstd;
  }
  for (Walk<TEAM> w(width); w.position < positions; w.next()) {
    unsigned at = first + w.position * channels + w.c;
    float a = (x[at] - mean) * rstd * weight[channel + w.c] + bias[channel + w.c];
    y[at] = isSilu ? silu(a) : a;
  }
}

NORM(32)
NORM(256)

// n = (x - mean) rstd; da = dy, or dy silu'(n weight + bias)
__device__ __forceinline__ float through_silu(float n, float dy, float weight, float bias, int isSilu) {
  return isSilu ? dy * silu_derivative(n * weight + bias) : dy;
}

// With g = da weight: dx = rstd (g - mean(g) - n mean(g n)), means over the group
template <int TEAM>
__device__ __forceinline__ void norm_vjp(const float* __restrict__ x, const float* __restrict__ weight,
                                         const float* __restrict__ bias, const float* __restrict__ means,
                                         const float* __restrict__ rstds, const float* __restrict__ dy,
                                         float* __restrict__ dx, unsigned count, unsigned positions,
                                         unsigned channels, unsigned width, int isSilu) {
  unsigned group = (blockIdx.x * (unsigned)NORM_THREADS + threadIdx.x) / TEAM;
  if (group >= count) return;
  unsigned groups = channels / width;
  unsigned channel = group % groups * width;
  unsigned first = group / groups * positions * channels + channel;
  float size = (float)(positions * width);
  float mean = means[group];
  float rstd = rstds[group];
  float sum = 0.0f, sumNormal = 0.0f;
  for (Walk<TEAM> w(width); w.position < positions; w.next()) {
    unsigned at = first + w.position * channels + w.c;
    float n = (x[at] - mean) * rstd;
    float scale = weight[channel + w.c];
    float g = through_silu(n, dy[at], scale, isSilu ? bias[channel + w.c] : 0.0f, isSilu) * scale;
    sum += g;
    sumNormal += g * n;
  }
  float meanG = team<TEAM, Sum>(sum) / size;
  float meanGn = team<TEAM, Sum>(sumNormal) / size;
  for (Walk<TEAM> w(width); w.position < positions; w.next()) {
    unsigned at = first + w.position * channels + w.c;
    float n = (x[at] - mean) * rstd;
    float scale = weight[channel + w.c];
    float g = through_silu(n, dy[at], scale, isSilu ? bias[channel + w.c] : 0.0f, isSilu) * scale;
    dx[at] = rstd * (g - meanG - n * meanGn);
  }
}

// bias is read only where isSilu
#define NORM_VJP(TEAM)                                                                                    \
  extern "C" __global__ void __launch_bounds__(NORM_THREADS)                                              \
      norm_vjp_##TEAM##_f32(const float* __restrict__ x, const float* __restrict__ weight,                \
                            const float* __restrict__ bias, const float* __restrict__ means,              \
                            const float* __restrict__ rstds, const float* __restrict__ dy,                \
                            float* __restrict__ dx, unsigned count, unsigned positions, unsigned channels, \
                            unsigned width, int isSilu) {                                                 \
    norm_vjp<TEAM>(x, weight, bias, means, rstds, dy, dx, count, positions, channels, width, isSilu);     \
  }

NORM_VJP(32)
NORM_VJP(256)

// Sums over rows (image, position) of da n and da per channel, a chunk of rows for each thread:
// dWeights and dBiases [chunks, channels], which the launcher reduces further.
extern "C" __global__ void __launch_bounds__(NORM_THREADS)
    norm_vjp_columns_f32(const float* __restrict__ x, const float* __restrict__ weight,
                         const float* __restrict__ bias, const float* __restrict__ means,
                         const float* __restrict__ rstds, const float* __restrict__ dy,
                         float* __restrict__ dWeights, float* __restrict__ dBiases, unsigned size, unsigned rows,
                         unsigned chunk, unsigned positions, unsigned channels, unsigned width, int isSilu) {
  unsigned i = blockIdx.x * (unsigned)NORM_THREADS + threadIdx.x;
  if (i >= size) return;
  unsigned c = i % channels;
  unsigned from = i / channels * chunk;
  unsigned to = min(rows, from + chunk);
  unsigned groups = channels / width;
  float scale = weight[c];
  float shift = isSilu ? bias[c] : 0.0f;
  float dWeight = 0.0f, dBias = 0.0f;
  for (unsigned row = from; row < to; row++) {
    unsigned group = row / positions * groups + c / width;
    float n = (x[row * channels + c] - means[group]) * rstds[group];
    float da = through_silu(n, dy[row * channels + c], scale, shift, isSilu);
    dWeight += da * n;
    dBias += da;
  }
  dWeights[i] = dWeight;
  dBiases[i] = dBias;
}
