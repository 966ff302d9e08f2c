// Kernels with one planted race each, beside the same kernel without it.
#include <cuda_bf16.h>

namespace {

constexpr unsigned kThreads = 64;

template <bool has_barrier>
__device__ void reverse(float *y) {
  __shared__ float values[kThreads];
  values[threadIdx.x] = static_cast<float>(threadIdx.x);
  if (has_barrier) __syncthreads();
  y[blockIdx.x * kThreads + threadIdx.x] = values[kThreads - 1 - threadIdx.x];
}

// Shared memory is written again in the second turn.
template <bool has_barrier>
__device__ void reverse_twice(float *y) {
  __shared__ float values[kThreads];
  for (int turn = 0; turn < 2; ++turn) {
    values[threadIdx.x] = static_cast<float>(turn);
    __syncthreads();
    y[(turn * gridDim.x + blockIdx.x) * kThreads + threadIdx.x] = values[kThreads - 1 - threadIdx.x];
    if (has_barrier) __syncthreads();
  }
}

// The last block adds up what all blocks wrote.
enum class Fault {
  everything_in_order,
  nothing_published,
  nothing_acquired,
  acquired_behind_the_barrier,
  published_too_early
};

template <Fault fault>
__device__ void last_block_sum(double *partials, unsigned *counter, double *sum) {
  __shared__ bool is_last;
  if (threadIdx.x == 0) {
    if (fault == Fault::published_too_early) __threadfence();
    partials[blockIdx.x] = 1;
    if (fault != Fault::nothing_published && fault != Fault::published_too_early) __threadfence();
    is_last = atomicAdd(counter, 1u) == gridDim.x - 1;
    if (fault != Fault::nothing_acquired && fault != Fault::acquired_behind_the_barrier) __threadfence();
  }
  __syncthreads();
  if (!is_last) return;
  if (fault == Fault::acquired_behind_the_barrier) __threadfence();
  if (threadIdx.x != 1) return;
  double total = 0;
  for (unsigned block = 0; block < gridDim.x; ++block) total += partials[block];
  *sum = total;
}

// Neighbouring lanes of a warp exchange values through shared memory.
enum class Meeting { shuffle, warp, wrong_half_warp };

template <Meeting meeting>
__device__ void exchange(float *y) {
  __shared__ float values[kThreads];
  values[threadIdx.x] = static_cast<float>(threadIdx.x);
  if (meeting == Meeting::shuffle) {
    (void)__shfl_xor_sync(0xffffffffu, 1.0f, 16);
  } else if (meeting == Meeting::warp) {
    __syncwarp();
  } else {
    __syncwarp(threadIdx.x % 32 < 16 ? 0x0000ffffu : 0xffff0000u);
  }
  y[blockIdx.x * kThreads + threadIdx.x] = values[threadIdx.x ^ 16];
}

}  // namespace

#define PLANTED(name, body, ...)                         \
  extern "C" __global__ void name(__VA_ARGS__) { body; } \
  KERNEL_EXPORT(name)

PLANTED(barrier, reverse<true>(y), float *y)
PLANTED(no_barrier, reverse<false>(y), float *y)
PLANTED(barrier_of_each_turn, reverse_twice<true>(y), float *y)
PLANTED(no_barrier_between_turns, reverse_twice<false>(y), float *y)

#define LAST_BLOCK(name) \
  PLANTED(name, last_block_sum<Fault::name>(partials, counter, sum), double *partials, unsigned *counter, double *sum)

LAST_BLOCK(everything_in_order)
LAST_BLOCK(nothing_published)
LAST_BLOCK(nothing_acquired)
LAST_BLOCK(acquired_behind_the_barrier)
LAST_BLOCK(published_too_early)

PLANTED(warp_barrier, exchange<Meeting::warp>(y), float *y)
PLANTED(shuffle_as_barrier, exchange<Meeting::shuffle>(y), float *y)
PLANTED(half_warp_barrier, exchange<Meeting::wrong_half_warp>(y), float *y)

PLANTED(own_elements, y[blockIdx.x * kThreads + threadIdx.x] = 1, float *y)
PLANTED(blocks_overlap, y[blockIdx.x * kThreads / 2 + threadIdx.x] = 1, float *y)

PLANTED(atomic_sum, atomicAdd(y, 1.0f), float *y)
PLANTED(plain_sum, *y += 1, float *y)
PLANTED(read_beside_atomic, if (threadIdx.x == 0) atomicAdd(y, *y), float *y)
