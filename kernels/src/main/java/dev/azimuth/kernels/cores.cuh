// Products on tensor cores: d [16, 8] += a [16, 8] b [8, 8] by a warp, each lane holding four
// elements of a and d and two of b, as the PTX manual's fragments of mma.m16n8k8 for .tf32 say:
//
//   a  (lane / 4, lane % 4), eight rows below, four columns right, both
//   b  (lane % 4, lane / 4), four rows below
//   d  (lane / 4, 2 (lane % 4)), the column right of it, both eight rows below
//
// How exactly the elements are multiplied is a type: Single, Tf32 or Bfloat16.

__device__ __forceinline__ void mma(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ unsigned tf32(float x) {
  unsigned y;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(x));
  return y;
}

// Elements rounded to 11 bits of mantissa: a relative error of 2^-11 in each.
struct Tf32 {
  template <int N>
  struct Fragment {
    unsigned rounded[N];
    __device__ __forceinline__ Fragment() {}
    __device__ __forceinline__ explicit Fragment(const float (&x)[N]) {
#pragma unroll
      for (int i = 0; i < N; i++) rounded[i] = tf32(x[i]);
    }
  };
  static __device__ __forceinline__ void multiply(float (&d)[4], const Fragment<4>& a, const Fragment<2>& b) {
    mma(d, a.rounded, b.rounded);
  }
};

// Elements as sums of two such numbers, x = high + low up to 2^-23 |x|, and the three products that
// matter (3xTF32, as CUTLASS names it): what is left out is low low, at most 2^-22 |a b|. The small
// ones are added first. An infinite element gives NaN.
struct Single {
  template <int N>
  struct Fragment {
    unsigned high[N], low[N];
    __device__ __forceinline__ Fragment() {}
    __device__ __forceinline__ explicit Fragment(const float (&x)[N]) {
#pragma unroll
      for (int i = 0; i < N; i++) {
        high[i] = tf32(x[i]);
        low[i] = tf32(x[i] - __uint_as_float(high[i]));
      }
    }
  };
  static __device__ __forceinline__ void multiply(float (&d)[4], const Fragment<4>& a, const Fragment<2>& b) {
    mma(d, a.low, b.high);
    mma(d, a.high, b.low);
    mma(d, a.high, b.high);
  }
};

// Elements rounded to 8 bits of mantissa, in pairs. mma.m16n8k8 for .bf16 has neighbouring k in a
// register where that for .tf32 has k and k + 4: both factors swap them alike, the sum is the same.
struct Bfloat16 {
  template <int N>
  struct Fragment {
    unsigned pairs[N / 2];
    __device__ __forceinline__ Fragment() {}
    __device__ __forceinline__ explicit Fragment(const float (&x)[N]) {
#pragma unroll
      for (int i = 0; i < N / 2; i++) {
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pairs[i]) : "f"(x[i + N / 2]), "f"(x[i]));
      }
    }
  };
  static __device__ __forceinline__ void multiply(float (&d)[4], const Fragment<4>& a, const Fragment<2>& b) {
    asm("mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a.pairs[0]), "r"(a.pairs[1]), "r"(b.pairs[0]));
  }
};

__device__ __forceinline__ unsigned shared_address(const void* p) { return (unsigned)__cvta_generic_to_shared(p); }

// Four matrices of 8 rows of 4 floats, the rows where lanes 0 .. 7, 8 .. 15, .. point: of each,
// lane l gets the element (l / 4, l % 4).
__device__ __forceinline__ void load_matrices(float (&x)[4], unsigned address) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=f"(x[0]), "=f"(x[1]), "=f"(x[2]), "=f"(x[3])
               : "r"(address)
               : "memory");
}

// Begins a copy of 16 bytes to shared memory, zeros instead of those beyond the first `bytes`.
__device__ __forceinline__ void begin_copy(unsigned to, const float* from, unsigned bytes) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes) : "memory");
}

// Waits for all that this thread has begun; other threads' copies are there after a barrier.
__device__ __forceinline__ void await_copies() { asm volatile("cp.async.wait_all;" ::: "memory"); }
