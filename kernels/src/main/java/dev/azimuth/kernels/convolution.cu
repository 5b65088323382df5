// Convolution of x [N, H, W, C] with weight [O, kH, kW, C / groups] as a matrix product whose
// operands are gathered on the way (implicit GEMM); one product for each group.

struct Geometry {
  int batch, height, width, channels;  // of x
  int outHeight, outWidth, outChannels;
  int kernelHeight, kernelWidth, strideY, strideX, padTop, padLeft, groups;

  __device__ __forceinline__ int in() const { return channels / groups; }
  __device__ __forceinline__ int out() const { return outChannels / groups; }
  __device__ __forceinline__ int taps() const { return kernelHeight * kernelWidth; }
  __device__ __forceinline__ int inputs() const { return batch * height * width; }
  __device__ __forceinline__ int outputs() const { return batch * outHeight * outWidth; }
};

struct Pixel {
  int image, y, x;  // image < 0 beyond the edge
};

__device__ __forceinline__ Pixel pixel(int i, int count, int height, int width) {
  Pixel p;
  p.x = i % width;
  p.y = i / width % height;
  p.image = i < count ? i / width / height : -1;
  return p;
}

struct Tap {
  int y, x, channel;
};

// Tap and channel of an index into [kH, kW, channels].
__device__ __forceinline__ Tap tap(int i, int channels, int kernelWidth) {
  Tap t;
  t.channel = i % channels;
  t.x = i / channels % kernelWidth;
  t.y = i / channels / kernelWidth;
  return t;
}

__device__ __forceinline__ float patch(const float* __restrict__ x, const Geometry& g, const Pixel& p, const Tap& t) {
  int iy = p.y * g.strideY - g.padTop + t.y;
  int ix = p.x * g.strideX - g.padLeft + t.x;
  bool inside = p.image >= 0 && (unsigned)iy < (unsigned)g.height && (unsigned)ix < (unsigned)g.width;
  return inside ? x[((p.image * g.height + iy) * g.width + ix) * g.channels + t.channel] : 0.0f;
}

// x under the kernel: outer = output pixel, inner = (ky, kx, c).
struct PatchRows {
  static const bool ALONG_INNER = true;
  typedef Pixel Outer;
  typedef Tap Inner;
  const float* __restrict__ x;  // at the group's first channel
  const Geometry& g;

  __device__ __forceinline__ Outer outer(int i) const { return pixel(i, g.outputs(), g.outHeight, g.outWidth); }
  __device__ __forceinline__ Inner inner(int k) const { return tap(k, g.in(), g.kernelWidth); }
  __device__ __forceinline__ float at(const Outer& p, const Inner& t) const { return patch(x, g, p, t); }
};

// The same transposed: outer = (ky, kx, c), inner = output pixel.
struct PatchColumns {
  static const bool ALONG_INNER = false;
  typedef Tap Outer;
  typedef Pixel Inner;
  const float* __restrict__ x;
  const Geometry& g;

  __device__ __forceinline__ Outer outer(int i) const {
    Tap t = tap(i, g.in(), g.kernelWidth);
    // beyond the edge: a row that is inside no picture
    if (t.y >= g.kernelHeight) t.y = -0x40000000;
    return t;
  }
  __device__ __forceinline__ Inner inner(int k) const { return pixel(k, g.outputs(), g.outHeight, g.outWidth); }
  __device__ __forceinline__ float at(const Outer& t, const Inner& p) const { return patch(x, g, p, t); }
};

// The outputs that saw a pixel of x: outer = input pixel, inner = (ky, kx, o).
struct SlopeRows {
  static const bool ALONG_INNER = true;
  typedef Pixel Outer;
  typedef Tap Inner;
  const float* __restrict__ dy;  // at the group's first channel
  const Geometry& g;

  __device__ __forceinline__ Outer outer(int i) const { return pixel(i, g.inputs(), g.height, g.width); }
  __device__ __forceinline__ Inner inner(int k) const { return tap(k, g.out(), g.kernelWidth); }
  __device__ __forceinline__ float at(const Outer& p, const Inner& t) const {
    int top = p.y + g.padTop - t.y;
    int left = p.x + g.padLeft - t.x;
    if (p.image < 0 || top < 0 || left < 0 || top % g.strideY != 0 || left % g.strideX != 0) return 0.0f;
    int oy = top / g.strideY;
    int ox = left / g.strideX;
    if (oy >= g.outHeight || ox >= g.outWidth) return 0.0f;
    return dy[((p.image * g.outHeight + oy) * g.outWidth + ox) * g.outChannels + t.channel];
  }
};

// weight [o, (ky, kx, c)]: outer = o, inner = (ky, kx, c).
struct WeightRows {
  static const bool ALONG_INNER = true;
  typedef int Outer;
  typedef int Inner;
  const float* __restrict__ weight;  // at the group's first output channel
  const Geometry& g;

  __device__ __forceinline__ Outer outer(int i) const { return i; }
  __device__ __forceinline__ Inner inner(int k) const { return k; }
  __device__ __forceinline__ float at(Outer o, Inner k) const {
    return o < g.out() ? weight[o * g.taps() * g.in() + k] : 0.0f;
  }
};

// The same for the transpose: outer = c, inner = (ky, kx, o).
struct WeightColumns {
  static const bool ALONG_INNER = false;
  typedef int Outer;
  typedef int Inner;
  const float* __restrict__ weight;
  const Geometry& g;

  __device__ __forceinline__ Outer outer(int i) const { return i; }
  __device__ __forceinline__ Inner inner(int k) const {
    return (k % g.out() * g.taps() + k / g.out()) * g.in();
  }
  __device__ __forceinline__ float at(Outer c, Inner row) const { return c < g.in() ? weight[row + c] : 0.0f; }
};

// dy: outer = o, inner = output pixel.
struct SlopeColumns {
  static const bool ALONG_INNER = false;
  typedef int Outer;
  typedef int Inner;
  const float* __restrict__ dy;  // at the group's first channel
  const Geometry& g;

  __device__ __forceinline__ Outer outer(int i) const { return i; }
  __device__ __forceinline__ Inner inner(int k) const { return k * g.outChannels; }
  __device__ __forceinline__ float at(Outer o, Inner row) const { return o < g.out() ? dy[row + o] : 0.0f; }
};

// All three: `size` is the result's, for the k-splits that matmul_join adds up.
#define CONVOLUTION(PRODUCT, SUFFIX, NAME, TILE)                                                                 \
  extern "C" __global__ void __launch_bounds__(GEMM_THREADS, 1) conv2d_##NAME##_##TILE##_##SUFFIX(               \
      const float* __restrict__ a, const float* __restrict__ b, const float* __restrict__ bias,                  \
      float* __restrict__ y, int size, int splits, int kPerSplit, int batch, int height, int width,              \
      int channels, int outHeight, int outWidth, int outChannels, int kernelHeight, int kernelWidth,             \
      int strideY, int strideX, int padTop, int padLeft, int groups) {                                           \
    Geometry g = {batch,       height,       width,       channels, outHeight, outWidth, outChannels,            \
                  kernelHeight, kernelWidth, strideY,     strideX,  padTop,    padLeft,  groups};                \
    NAME<Gemm<PRODUCT, TILE> >(a, b, bias, y, size, splits, kPerSplit, g);                                       \
  }
#define CONVOLUTIONS(PRODUCT, SUFFIX)             \
  CONVOLUTION(PRODUCT, SUFFIX, forward, 64)     \
  CONVOLUTION(PRODUCT, SUFFIX, forward, 128)    \
  CONVOLUTION(PRODUCT, SUFFIX, input_vjp, 64)   \
  CONVOLUTION(PRODUCT, SUFFIX, input_vjp, 128)  \
  CONVOLUTION(PRODUCT, SUFFIX, weight_vjp, 64)  \
  CONVOLUTION(PRODUCT, SUFFIX, weight_vjp, 128)

// y = x * weight + bias
template <class Cut>
__device__ __forceinline__ void forward(const float* __restrict__ x, const float* __restrict__ weight,
                                        const float* __restrict__ bias, float* __restrict__ y, int size, int splits,
                                        int kPerSplit, const Geometry& g) {
  int m = g.outputs(), n = g.out(), k = g.taps() * g.in();
  typename Cut::Block block(m, n, splits);
  int group = block.batch;
  PatchRows a = {x + group * g.in(), g};
  WeightRows b = {weight + group * n * k, g};
  int k0 = block.split * kPerSplit;
  typename Cut::Sums sums;
  Cut::multiply(a, b, block.row0, block.column0, k0, min(k, k0 + kPerSplit), sums);
  Cut::store(sums, bias == 0 ? bias : bias + group * n, y + block.split * size + group * n, block.row0,
                    block.column0, m, n, g.outChannels);
}

// dx from dy and weight; bias is null
template <class Cut>
__device__ __forceinline__ void input_vjp(const float* __restrict__ dy, const float* __restrict__ weight,
                                          const float* __restrict__ bias, float* __restrict__ dx, int size,
                                          int splits, int kPerSplit, const Geometry& g) {
  int m = g.inputs(), n = g.in(), k = g.taps() * g.out();
  typename Cut::Block block(m, n, splits);
  int group = block.batch;
  SlopeRows a = {dy + group * g.out(), g};
  WeightColumns b = {weight + group * n * k, g};
  int k0 = block.split * kPerSplit;
  typename Cut::Sums sums;
  Cut::multiply(a, b, block.row0, block.column0, k0, min(k, k0 + kPerSplit), sums);
  Cut::store(sums, bias, dx + block.split * size + group * n, block.row0, block.column0, m, n, g.channels);
}

// dWeight from dy and x; bias is null
template <class Cut>
__device__ __forceinline__ void weight_vjp(const float* __restrict__ dy, const float* __restrict__ x,
                                           const float* __restrict__ bias, float* __restrict__ dWeight, int size,
                                           int splits, int kPerSplit, const Geometry& g) {
  int m = g.out(), n = g.taps() * g.in(), k = g.outputs();
  typename Cut::Block block(m, n, splits);
  int group = block.batch;
  SlopeColumns a = {dy + group * m, g};
  PatchColumns b = {x + group * g.in(), g};
  int k0 = block.split * kPerSplit;
  typename Cut::Sums sums;
  Cut::multiply(a, b, block.row0, block.column0, k0, min(k, k0 + kPerSplit), sums);
  Cut::store(sums, bias, dWeight + block.split * size + group * m * n, block.row0, block.column0, m, n, n);
}

CONVOLUTIONS(Single, f32)
CONVOLUTIONS(Tf32, tf32)
CONVOLUTIONS(Bfloat16, bf16)
