// Kernels that are each wrong in one way, and one that is right. BrokenKernelsTest runs them; after
// a change: nvcc --ptx -arch=compute_80 -lineinfo broken.cu, .version set to 7.0.
// in has 64 floats, out too, of which in is written and out isn't; one block of 64 threads.

extern "C" __global__ void __launch_bounds__(64) right(const float* in, float* out) {
  __shared__ float tile[64];
  tile[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  float x = tile[63 - threadIdx.x];
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    x += __shfl_xor_sync(0xffffffffu, x, lanes);
  }
  out[threadIdx.x] = x;
}

extern "C" __global__ void __launch_bounds__(64) out_of_bounds(const float* in, float* out) {
  out[threadIdx.x] = in[threadIdx.x + 1];
}

extern "C" __global__ void __launch_bounds__(64) before_the_start(const float* in, float* out) {
  out[(int)threadIdx.x - 1] = in[threadIdx.x];
}

extern "C" __global__ void __launch_bounds__(64) out_of_shared(const float* in, float* out) {
  __shared__ float tile[64];
  __shared__ float other[64];
  tile[threadIdx.x + 1] = in[threadIdx.x];
  other[threadIdx.x] = in[threadIdx.x];
  out[threadIdx.x] = tile[threadIdx.x + 1] + other[threadIdx.x];
}

extern "C" __global__ void __launch_bounds__(64) misaligned(const float* in, float* out) {
  if (threadIdx.x < 8) {
    *(float2*)(out + 1 + 2 * threadIdx.x) = make_float2(in[threadIdx.x], 0.0f);
  }
}

extern "C" __global__ void __launch_bounds__(64) uninitialised_global(const float* in, float* out) {
  out[threadIdx.x] += in[threadIdx.x];
}

extern "C" __global__ void __launch_bounds__(64) uninitialised_shared(const float* in, float* out) {
  __shared__ float tile[64];
  if (threadIdx.x < 32) tile[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}

extern "C" __global__ void __launch_bounds__(64) race_of_warps(const float* in, float* out) {
  __shared__ float tile[64];
  tile[threadIdx.x] = in[threadIdx.x];
  out[threadIdx.x] = tile[threadIdx.x];
  __syncthreads();
  float x = tile[threadIdx.x ^ 32];
  tile[threadIdx.x] = x;  // the other warp may not have read it yet
  out[threadIdx.x] = x;
}

extern "C" __global__ void __launch_bounds__(64) race_of_lanes(const float* in, float* out) {
  __shared__ float tile[64];
  tile[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  float x = tile[threadIdx.x ^ 1];
  tile[threadIdx.x] = x + 1.0f;  // wants a __syncwarp before
  out[threadIdx.x] = x;
}

extern "C" __global__ void __launch_bounds__(64) race_of_writers(const float* in, float* out) {
  __shared__ float sum;
  sum = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = sum;
}

extern "C" __global__ void __launch_bounds__(64) divergent_barrier(const float* in, float* out) {
  if (threadIdx.x % 32 < 16) {
    __syncthreads();
    out[threadIdx.x] = in[threadIdx.x];
  }
  out[threadIdx.x] = 1.0f;
}

extern "C" __global__ void __launch_bounds__(64) different_barriers(const float* in, float* out) {
  if (threadIdx.x < 32) {
    out[threadIdx.x] = in[threadIdx.x];
    __syncthreads();
    out[threadIdx.x] = out[threadIdx.x] * 2.0f;
  } else {
    __syncthreads();
    out[threadIdx.x] = in[0];
  }
}

extern "C" __global__ void __launch_bounds__(64) inactive_lane(const float* in, float* out) {
  float x = in[threadIdx.x];
  if (threadIdx.x % 32 < 16) {
    x += __shfl_xor_sync(0xffffffffu, x, 1);
  }
  out[threadIdx.x] = x;
}

extern "C" __global__ void __launch_bounds__(64) no_wait(const float* in, float* out) {
  __shared__ float tile[64];
  unsigned to = (unsigned)__cvta_generic_to_shared(tile + threadIdx.x);
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to), "l"(in + threadIdx.x));
  asm volatile("cp.async.commit_group;");
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x];
}

extern "C" __global__ void __launch_bounds__(64) waits(const float* in, float* out) {
  __shared__ float tile[64];
  unsigned to = (unsigned)__cvta_generic_to_shared(tile + threadIdx.x);
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to), "l"(in + threadIdx.x));
  asm volatile("cp.async.commit_group;");
  asm volatile("cp.async.wait_group 0;" ::: "memory");
  __syncthreads();
  out[threadIdx.x] = tile[63 - threadIdx.x];
}

extern "C" __global__ void __launch_bounds__(64) bank_conflicts(const float* in, float* out) {
  __shared__ float tile[64 * 32];
  tile[threadIdx.x * 32] = in[threadIdx.x];
  __syncthreads();
  out[threadIdx.x] = tile[threadIdx.x * 32];
}

extern "C" __global__ void __launch_bounds__(64) inactive_vote(const float* in, float* out) {
  float x = in[threadIdx.x];
  if (threadIdx.x % 32 < 16) {
    x += __popc(__ballot_sync(0xffffffffu, x > 3.0f));
  }
  out[threadIdx.x] = x;
}

extern "C" __global__ void __launch_bounds__(64) inactive_reduction(const float* in, float* out) {
  unsigned x = (unsigned)in[threadIdx.x];
  if (threadIdx.x % 32 < 16) {
    x = __reduce_add_sync(0xffffffffu, x);
  }
  out[threadIdx.x] = x;
}

extern "C" __global__ void __launch_bounds__(64) inactive_at_warp_barrier(const float* in, float* out) {
  float x = in[threadIdx.x];
  if (threadIdx.x % 32 < 16) {
    __syncwarp();
    x = x * x + in[63 - threadIdx.x];
  }
  out[threadIdx.x] = x;
}

extern "C" __global__ void __launch_bounds__(64) outside_its_mask(const float* in, float* out) {
  float x = in[threadIdx.x];
  out[threadIdx.x] = x + __shfl_sync(0x0000ffffu, x, 0);
}

// 96 sums that all depend on each other: more registers than 1024 threads may have each
extern "C" __global__ void many_registers(const float* in, float* out) {
  float x[96];
#pragma unroll
  for (int i = 0; i < 96; i++) x[i] = in[(threadIdx.x + i) % 64];
  for (int rounds = (int)in[2]; rounds > 0; rounds--) {
#pragma unroll
    for (int i = 0; i < 96; i++) x[i] += x[(i + 1) % 96] * x[(i + 37) % 96];
  }
  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < 96; i++) sum += x[i];
  out[threadIdx.x % 64] = sum;
}
