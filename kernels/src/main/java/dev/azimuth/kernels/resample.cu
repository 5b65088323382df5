// Linear maps along both axes of images [N, H, W, C], as Taps has them, and maximum pooling.

// y[n, oy, ox, c] = sum over the taps e of row oy and f of column ox: rowWeight[e] columnWeight[f]
// x[n, rowIndex[e], columnIndex[f], c]
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    resample_f32(const float* __restrict__ x, float* __restrict__ y, const int* __restrict__ rowStart,
                 const int* __restrict__ rowIndex, const float* __restrict__ rowWeight,
                 const int* __restrict__ columnStart, const int* __restrict__ columnIndex,
                 const float* __restrict__ columnWeight, unsigned size, unsigned height, unsigned width,
                 unsigned outHeight, unsigned outWidth, unsigned channels) {
  unsigned i = element();
  if (i >= size) return;
  unsigned c = i % channels;
  unsigned ox = i / channels % outWidth;
  unsigned row = i / channels / outWidth;
  unsigned oy = row % outHeight;
  unsigned image = row / outHeight;
  float sum = 0.0f;
  for (int e = rowStart[oy]; e < rowStart[oy + 1]; e++) {
    const float* line = x + (image * height + rowIndex[e]) * width * channels + c;
    for (int f = columnStart[ox]; f < columnStart[ox + 1]; f++) {
      sum += rowWeight[e] * columnWeight[f] * line[columnIndex[f] * channels];
    }
  }
  y[i] = sum;
}

struct Window {
  int top, left, bottom, right;  // within the picture, the last two exclusive
};

// The window of output (oy, ox) without its padding.
__device__ __forceinline__ Window window(int oy, int ox, int height, int width, int kernelHeight,
                                         int kernelWidth, int strideY, int strideX, int padTop, int padLeft) {
  int top = oy * strideY - padTop;
  int left = ox * strideX - padLeft;
  Window w;
  w.top = max(0, top);
  w.left = max(0, left);
  w.bottom = min(height, top + kernelHeight);
  w.right = min(width, left + kernelWidth);
  return w;
}

// Where the window's first maximum is in a plane of stride `channels`, or -1; a NaN wins and stays.
__device__ __forceinline__ int first_maximum(const float* __restrict__ plane, Window w, int width, int channels) {
  int winner = -1;
  float most = 0.0f;
  for (int iy = w.top; iy < w.bottom; iy++) {
    for (int ix = w.left; ix < w.right; ix++) {
      int at = (iy * width + ix) * channels;
      float v = plane[at];
      if (winner < 0 || v > most || (v != v && most == most)) {
        winner = at;
        most = v;
      }
    }
  }
  return winner;
}

// y[n, oy, ox, c] = maximum of the window; -infinity where it is all padding
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    max_pool_f32(const float* __restrict__ x, float* __restrict__ y, unsigned size, int height, int width,
                 int channels, int outHeight, int outWidth, int kernelHeight, int kernelWidth, int strideY,
                 int strideX, int padTop, int padLeft) {
  unsigned i = element();
  if (i >= size) return;
  int c = i % channels;
  int ox = i / channels % outWidth;
  unsigned row = i / channels / outWidth;
  int oy = row % outHeight;
  const float* plane = x + row / outHeight * height * width * channels + c;
  Window w = window(oy, ox, height, width, kernelHeight, kernelWidth, strideY, strideX, padTop, padLeft);
  int winner = first_maximum(plane, w, width, channels);
  y[i] = winner < 0 ? MINUS_INFINITY : plane[winner];
}

// dx = sums of dy over the windows whose first maximum the element is. Each element looks through
// the windows that hold it, so nothing is added up in an order of chance.
extern "C" __global__ void __launch_bounds__(MAP_THREADS)
    max_pool_vjp_f32(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ dx,
                     unsigned size, int height, int width, int channels, int outHeight, int outWidth,
                     int kernelHeight, int kernelWidth, int strideY, int strideX, int padTop, int padLeft) {
  unsigned i = element();
  if (i >= size) return;
  int c = i % channels;
  int ix = i / channels % width;
  unsigned row = i / channels / width;
  int iy = row % height;
  unsigned image = row / height;
  const float* plane = x + image * height * width * channels + c;
  const float* slopes = dy + image * outHeight * outWidth * channels + c;
  int own = (iy * width + ix) * channels;
  // oy stride - pad <= iy < oy stride - pad + kernel
  int firstY = max(0, (iy + padTop - kernelHeight + strideY) / strideY);
  int firstX = max(0, (ix + padLeft - kernelWidth + strideX) / strideX);
  int lastY = min(outHeight - 1, (iy + padTop) / strideY);
  int lastX = min(outWidth - 1, (ix + padLeft) / strideX);
  float sum = 0.0f;
  for (int oy = firstY; oy <= lastY; oy++) {
    for (int ox = firstX; ox <= lastX; ox++) {
      Window w = window(oy, ox, height, width, kernelHeight, kernelWidth, strideY, strideX, padTop, padLeft);
      if (first_maximum(plane, w, width, channels) == own) sum += slopes[(oy * outWidth + ox) * channels];
    }
  }
  dx[i] = sum;
}
