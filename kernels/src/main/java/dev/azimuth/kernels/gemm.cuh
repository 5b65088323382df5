// y [m, n] = A [m, k] B [k, n] on tensor cores, by square tiles in shared memory, for operands that
// lie anywhere. How exactly elements are multiplied is a type of cores.cuh, the Product.
//
// An operand has one outer index (a row of A, a column of B) and the inner index k. It says where
// an element is in two steps, so that what belongs to the outer index alone is computed once:
//
//   Outer outer(int i)    0 <= i, perhaps beyond the edge
//   Inner inner(int k)    k within the operand
//   float at(Outer, Inner)    the element, 0 beyond an edge
//   ALONG_INNER    whether neighbouring k lie beside each other; neighbouring threads then load them

#define GEMM_THREADS 256

template <class Product, int TILE>
struct Gemm {
  static const int DEPTH = TILE == 64 ? 16 : 8;   // of k at a time
  static const int LOADS = TILE * DEPTH / GEMM_THREADS;
  // Eight warps, two by four, cut a tile into parts of TILE / 2 rows and TILE / 4 columns.
  static const int DOWN = TILE / 2 / 16;          // products of 16 rows in a part
  static const int ACROSS = TILE / 4 / 8;         // and of 8 columns
  // In shared memory a tile lies along k. A fragment has eight neighbours of each of four k: they lie
  // in different banks, since rows are eight banks apart.
  static const int PITCH = TILE + 8;

  // What a thread sums up: rows i and columns j of products.
  struct Sums {
    float at[DOWN][ACROSS][4];
  };

  // Where the o-th of row k lies: so that all k of the same o lie in different banks too.
  static __device__ __forceinline__ int place(int k, int o) { return k * PITCH + (o ^ k / 4 * (32 / DEPTH)); }

  // Which of a tile's elements thread t loads as its l-th.
  template <class Operand>
  static __device__ __forceinline__ int outer_of(int l) {
    return Operand::ALONG_INNER ? threadIdx.x / DEPTH + l * (GEMM_THREADS / DEPTH) : threadIdx.x % TILE;
  }
  template <class Operand>
  static __device__ __forceinline__ int inner_of(int l) {
    return Operand::ALONG_INNER ? threadIdx.x % DEPTH : threadIdx.x / TILE + l * (GEMM_THREADS / TILE);
  }

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

    __device__ __forceinline__ void store(float* tile) const {
#pragma unroll
      for (int l = 0; l < LOADS; l++) tile[place(inner_of<Operand>(l), outer_of<Operand>(l))] = values[l];
    }
  };

  // The first row and column of a tile that this thread's first sum is of.
  static __device__ __forceinline__ int first_row() { return threadIdx.x / 128 * (TILE / 2) + threadIdx.x % 32 / 4; }
  static __device__ __forceinline__ int first_column() {
    return threadIdx.x / 32 % 4 * (TILE / 4) + threadIdx.x % 4 * 2;
  }

  // sums += A B of one tile, eight k at a time.
  static __device__ __forceinline__ void multiply(const float* a, const float* b, Sums& sums) {
    int row = first_row();
    int column = threadIdx.x / 32 % 4 * (TILE / 4) + threadIdx.x % 32 / 4;
#pragma unroll
    for (int step = 0; step < DEPTH; step += 8) {
      int k = step + threadIdx.x % 4;
      typename Product::template Fragment<2> right[ACROSS];
#pragma unroll
      for (int j = 0; j < ACROSS; j++) {
        float x[2] = {b[place(k, column) + j * 8], b[place(k + 4, column) + j * 8]};
        right[j] = typename Product::template Fragment<2>(x);
      }
#pragma unroll
      for (int i = 0; i < DOWN; i++) {
        float x[4] = {a[place(k, row) + i * 16], a[place(k, row) + i * 16 + 8], a[place(k + 4, row) + i * 16],
                      a[place(k + 4, row) + i * 16 + 8]};
        typename Product::template Fragment<4> left(x);
#pragma unroll
        for (int j = 0; j < ACROSS; j++) Product::multiply(sums.at[i][j], left, right[j]);
      }
    }
  }

  // sums = A B for k0 <= k < kEnd, of the tile at (row0, column0). The next tile is loaded into
  // registers while this one is multiplied.
  template <class A, class B>
  static __device__ __forceinline__ void multiply(const A& a, const B& b, int row0, int column0, int k0, int kEnd,
                                                  Sums& sums) {
    __shared__ float aTile[2][DEPTH * PITCH];
    __shared__ float bTile[2][DEPTH * PITCH];
    Loader<A> aLoader(a, row0);
    Loader<B> bLoader(b, column0);
#pragma unroll
    for (int i = 0; i < DOWN; i++) {
#pragma unroll
      for (int j = 0; j < ACROSS; j++) {
#pragma unroll
        for (int e = 0; e < 4; e++) sums.at[i][j][e] = 0.0f;
      }
    }
    if (k0 >= kEnd) return;
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
      multiply(aTile[now], bTile[now], sums);
      now ^= 1;  // the other half was read by all before the barrier above
    }
  }

  // y[row pitch + column] = sums + bias[column] where inside [m, n]; bias may be null.
  static __device__ __forceinline__ void store(const Sums& sums, const float* __restrict__ bias,
                                               float* __restrict__ y, int row0, int column0, int m, int n,
                                               int pitch) {
    int row = row0 + first_row();
    int column = column0 + first_column();
#pragma unroll
    for (int j = 0; j < ACROSS; j++) {
      int at = column + j * 8;
      float first = bias != 0 && at < n ? bias[at] : 0.0f;
      float second = bias != 0 && at + 1 < n ? bias[at + 1] : 0.0f;
#pragma unroll
      for (int i = 0; i < DOWN; i++) {
#pragma unroll
        for (int half = 0; half < 2; half++) {
          int r = row + i * 16 + half * 8;
          if (r >= m) continue;
          float2 pair = {sums.at[i][j][half * 2] + first, sums.at[i][j][half * 2 + 1] + second};
          float* to = y + r * pitch + at;
          if (at + 1 < n && (size_t)to % 8 == 0) {
            *(float2*)to = pair;
          } else {
            if (at < n) to[0] = pair.x;
            if (at + 1 < n) to[1] = pair.y;
          }
        }
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
