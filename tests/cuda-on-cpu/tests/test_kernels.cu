// Kernels that use one feature of the device language each.
#include <cuda_bf16.h>

extern "C" __global__ void add_one(long long n, float *x) {
  for (long long i = blockIdx.x * static_cast<long long>(blockDim.x) + threadIdx.x; i < n;
       i += gridDim.x * blockDim.x) {
    x[i] += 1;
  }
}
KERNEL_EXPORT(add_one)

extern "C" __global__ void write_indices(unsigned *out) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] =
      blockIdx.x + 10 * blockIdx.y + 100 * blockIdx.z + 1000 * threadIdx.x + 10000 * threadIdx.y + 100000 * threadIdx.z;
}
KERNEL_EXPORT(write_indices)

// Each block sums its 256 integers in a tree over static shared memory.
extern "C" __global__ void block_sums(const int *x, int *sums) {
  __shared__ int part[256];
  part[threadIdx.x] = x[blockIdx.x * blockDim.x + threadIdx.x];
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) part[threadIdx.x] += part[threadIdx.x + half];
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = part[0];
}
KERNEL_EXPORT(block_sums)

extern "C" __global__ void transpose(int size, const float *x, float *y) {
  DYN_SMEM(float, tile);
  tile[threadIdx.y * size + threadIdx.x] = x[threadIdx.y * size + threadIdx.x];
  __syncthreads();
  y[threadIdx.y * size + threadIdx.x] = tile[threadIdx.x * size + threadIdx.y];
}
KERNEL_EXPORT(transpose)

extern "C" __global__ void read_fresh_shared(float *out) {
  DYN_SMEM(float, fresh);
  out[threadIdx.x] = fresh[threadIdx.x];
}
KERNEL_EXPORT(read_fresh_shared)

extern "C" __global__ void leave_before_barrier(int stay) {
  if (static_cast<int>(threadIdx.x) >= stay) return;
  __syncthreads();
}
KERNEL_EXPORT(leave_before_barrier)

extern "C" __global__ void barrier_against_shuffle(int *out) {
  if (threadIdx.x < 7) {
    __syncthreads();
  } else {
    out[threadIdx.x] = __shfl_sync(0xffffffffu, 1, 0);
  }
}
KERNEL_EXPORT(barrier_against_shuffle)

// Half-warps with masks of their own and different numbers of exchanges, then the whole warp.
extern "C" __global__ void half_warps(int *out) {
  const int lane = threadIdx.x;
  int value = lane;
  if (lane < 16) {
    value = __shfl_xor_sync(0x0000ffffu, value, 1);
  } else {
    value = __shfl_up_sync(0xffff0000u, value, 1, 16);
    value = __shfl_down_sync(0xffff0000u, value, 2, 16);
  }
  out[lane] = __shfl_sync(0xffffffffu, value, 31 - lane);
}
KERNEL_EXPORT(half_warps)

extern "C" __global__ void exited_lanes(int living, unsigned *votes, float *shuffled) {
  const int lane = threadIdx.x;
  if (lane >= living) return;
  votes[lane] = __ballot_sync(0xffffffffu, lane % 2 == 0);
  shuffled[lane] = __shfl_sync(0xffffffffu, static_cast<float>(lane), lane + 1);
}
KERNEL_EXPORT(exited_lanes)

extern "C" __global__ void vote(int *any, int *all) {
  const bool first = threadIdx.x == 0;
  any[threadIdx.x] = 2 * __any_sync(0xffffffffu, first) + __any_sync(0xffffffffu, 0);
  all[threadIdx.x] = 2 * __all_sync(0xffffffffu, 1) + __all_sync(0xffffffffu, !first);
}
KERNEL_EXPORT(vote)

extern "C" __global__ void outside_own_mask(int *out) { out[threadIdx.x] = __shfl_sync(0x1u, 1, 0); }
KERNEL_EXPORT(outside_own_mask)

extern "C" __global__ void mixed_warp_functions(unsigned *out) {
  if (threadIdx.x < 16) {
    out[threadIdx.x] = __ballot_sync(0xffffffffu, 1);
  } else {
    __syncwarp();
  }
}
KERNEL_EXPORT(mixed_warp_functions)

// counters: sum, maximum, minimum, number of wraps counted by atomicInc, last exchange, winner of the swap.
extern "C" __global__ void atomics(int *counters, unsigned *ring, double *sum) {
  const int id = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  atomicAdd(&counters[0], id);
  atomicMax(&counters[1], id);
  atomicMin(&counters[2], -id);
  if (atomicInc(ring, 9) == 9) atomicAdd(&counters[3], 1);
  atomicExch(&counters[4], 7);
  atomicCAS(&counters[5], 0, 1);
  atomicAdd(sum, 0.5);
}
KERNEL_EXPORT(atomics)

// The last block to arrive finds what all others wrote.
extern "C" __global__ void last_block_sums(int *partials, unsigned *arrived, int *sum) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = static_cast<int>(blockIdx.x);
    __threadfence();
    last = atomicAdd(arrived, 1u) == gridDim.x - 1;
  }
  __syncthreads();
  if (!last || threadIdx.x != 0) return;
  int total = 0;
  for (unsigned i = 0; i < gridDim.x; ++i) total += partials[i];
  *sum = total;
}
KERNEL_EXPORT(last_block_sums)

extern "C" __global__ void to_bfloat16(const float *x, __nv_bfloat16 *y) {
  y[threadIdx.x] = __float2bfloat16(x[threadIdx.x]);
}
KERNEL_EXPORT(to_bfloat16)

// d += a b by one warp, whose lanes have 4, 2 and 4 words each.
extern "C" __global__ void matrix_product(int is_bf16, const unsigned *a, const unsigned *b, float *d) {
  unsigned own_a[4], own_b[2];
  float own_d[4];
  for (int i = 0; i < 4; ++i) own_a[i] = a[4 * threadIdx.x + i];
  for (int i = 0; i < 2; ++i) own_b[i] = b[2 * threadIdx.x + i];
  for (int i = 0; i < 4; ++i) own_d[i] = d[4 * threadIdx.x + i];
  if (is_bf16 != 0) {
    revup::multiply_bf16(own_d, own_a, own_b);
  } else {
    revup::multiply_tf32(own_d, own_a, own_b);
  }
  for (int i = 0; i < 4; ++i) d[4 * threadIdx.x + i] = own_d[i];
}
KERNEL_EXPORT(matrix_product)

extern "C" __global__ void round_to_tf32(const float *x, float *y) {
  y[threadIdx.x] = __uint_as_float(revup::to_tf32(x[threadIdx.x]));
}
KERNEL_EXPORT(round_to_tf32)
