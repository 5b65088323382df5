// y [m, n] = A [m, k] B [k, n] by square tiles in shared memory, for operands that lie anywhere.
//
// An operand has one outer index (a row of A, a column of B) and the inner index k. It says where
// an element is in two steps, so that what belongs to the outer index alone is computed once:
//
//   Outer outer(int i)    0 <= i, perhaps beyond the edge
//   Inner inner(int k)    k within the operand
//   float at(Outer, Inner)    the element, 0 beyond an edge
//   ALONG_INNER    whether neighbouring k lie beside each other; neighbouring threads then load them

#define GEMM_THREADS 256

template <int TILE>
struct Gemm {
  static const int PER = TILE / 16;               // rows and columns of y for each thread
  static const int DEPTH = TILE == 64 ? 16 : 8;   // of k at a time
  static const int LOADS = TILE * DEPTH / GEMM_THREADS;
  static const int PITCH = TILE + 4;              // rows stay aligned to four floats

  // Which of a tile's elements thread t loads as its l-th.
  template <class Operand>
  static __device__ __forceinline__ int outer_of(int l) {
    return Operand::ALONG_INNER ? threadIdx.x / DEPTH + l * (GEMM_THREADS / DEPTH) : threadIdx.x % TILE;
  }
  template <class Operand>
  static __device__ __forceinline__ int inner_of(int l) {
    return Operand::ALONG_INNER ? threadIdx.x % DEPTH : threadIdx.x / TILE + l * (GEMM_THREADS / TILE);
  }

  // The tile's row or column that is the i-th of a thread at place `thread` of 16.
  static __device__ __forceinline__ int place(int thread, int i) { return thread * 4 + i / 4 * 64 + i % 4; }

  template <class Operand>
  struct Loader {
    typename Operand::Outer outers[LOADS];
    float values[LOADS];

    __device__ __forceinline__ Loader(const Operand& operand, int first) {
#pragma unroll
      for (int l = 0; l < LOADS; l++) outers[l] = operand.outer(first + outer_of<Operand>(l));
    }

    __device__ __forceinline__ void load(const Operand& operand, int k0, int kEnd) {
      if (Operand::ALONG_INNER) {  // one k for all loads of the thread
        int k = k0 + inner_of<Operand>(0);
        typename Operand::Inner inner = operand.inner(min(k, kEnd - 1));
#pragma unroll
        for (int l = 0; l < LOADS; l++) values[l] = k < kEnd ? operand.at(outers[l], inner) : 0.0f;
      } else {
#pragma unroll
        for (int l = 0; l < LOADS; l++) {
          int k = k0 + inner_of<Operand>(l);
          values[l] = k < kEnd ? operand.at(outers[l], operand.inner(k)) : 0.0f;
        }
      }
    }

    __device__ __forceinline__ void store(float (*tile)[PITCH]) const {
#pragma unroll
      for (int l = 0; l < LOADS; l++) tile[inner_of<Operand>(l)][outer_of<Operand>(l)] = values[l];
    }
  };

  // acc += A B for k0 <= k < kEnd, of the tile at (row0, column0). The next tile is loaded into
  // registers while this one is multiplied.
  template <class A, class B>
  static __device__ __forceinline__ void multiply(const A& a, const B& b, int row0, int column0, int k0, int kEnd,
                                                  float (&acc)[PER][PER]) {
    __shared__ __align__(16) float aTile[2][DEPTH][PITCH];
    __shared__ __align__(16) float bTile[2][DEPTH][PITCH];
    Loader<A> aLoader(a, row0);
    Loader<B> bLoader(b, column0);
#pragma unroll
    for (int i = 0; i < PER; i++) {
#pragma unroll
      for (int j = 0; j < PER; j++) acc[i][j] = 0.0f;
    }
    if (k0 >= kEnd) return;
    int row = threadIdx.x / 16;
    int column = threadIdx.x % 16;
    aLoader.load(a, k0, kEnd);
    bLoader.load(b, k0, kEnd);
    int now = 0;
    for (int k = k0; k < kEnd; k += DEPTH) {
      aLoader.store(aTile[now]);
      bLoader.store(bTile[now]);
      __syncthreads();
      if (k + DEPTH < kEnd) {
        aLoader.load(a, k + DEPTH, kEnd);
        bLoader.load(b, k + DEPTH, kEnd);
      }
#pragma unroll
      for (int p = 0; p < DEPTH; p++) {
        float as[PER], bs[PER];
#pragma unroll
        for (int i = 0; i < PER; i += 4) {
          float4 v = *(const float4*)&aTile[now][p][place(row, i)];
          as[i] = v.x, as[i + 1] = v.y, as[i + 2] = v.z, as[i + 3] = v.w;
          float4 w = *(const float4*)&bTile[now][p][place(column, i)];
          bs[i] = w.x, bs[i + 1] = w.y, bs[i + 2] = w.z, bs[i + 3] = w.w;
        }
#pragma unroll
        for (int i = 0; i < PER; i++) {
#pragma unroll
          for (int j = 0; j < PER; j++) acc[i][j] += as[i] * bs[j];
        }
      }
      now ^= 1;  // the other half was read by all before the barrier above
    }
  }

  // y[row pitch + column] = acc + bias[column] where inside [m, n]; bias may be null.
  static __device__ __forceinline__ void store(const float (&acc)[PER][PER], const float* __restrict__ bias,
                                               float* __restrict__ y, int row0, int column0, int m, int n,
                                               int pitch) {
    int row = row0 + place(threadIdx.x / 16, 0);
    int column = column0 + place(threadIdx.x % 16, 0);
    float shift[PER];
#pragma unroll
    for (int j = 0; j < PER; j++) {
      int at = column + place(0, j);
      shift[j] = bias != 0 && at < n ? bias[at] : 0.0f;
    }
#pragma unroll
    for (int i = 0; i < PER; i++) {
      int r = row + place(0, i);
      if (r >= m) continue;
#pragma unroll
      for (int j = 0; j < PER; j++) {
        int at = column + place(0, j);
        if (at < n) y[r * pitch + at] = acc[i][j] + shift[j];
      }
    }
  }

  // The block's tile: column tiles fastest, then row tiles, then the k-split, then `batch`.
  struct Block {
    int row0, column0, split, batch;
    __device__ __forceinline__ Block(int m, int n, int splits) {
      unsigned columns = (n + TILE - 1) / TILE;
      unsigned rows = (m + TILE - 1) / TILE;
      unsigned rest = blockIdx.x;
      column0 = rest % columns * TILE;
      rest /= columns;
      row0 = rest % rows * TILE;
      rest /= rows;
      split = rest % splits;
      batch = rest / splits;
    }
  };
};
