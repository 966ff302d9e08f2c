// Sums in double over a warp, a block and the grid. Their order depends on the geometry alone: same launch, same bits.
#pragma once

#include "launch.cuh"

namespace revup {

constexpr unsigned kAllLanes = 0xffffffffu;

// The sum over a warp, in every lane.
__device__ inline double warp_sum(double value) {
  for (int offset = kWarp / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(kAllLanes, value, offset);
  return value;
}

// The sums over a block of whole warps, in every thread. All threads call it.
template <int count>
__device__ inline void block_sum(double (&sums)[count]) {
  __shared__ double of_warp[count][kBlockLimit / kWarp];
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp, warps = blockDim.x / kWarp;
  __syncthreads();  // of_warp may still be in use by an earlier sum
  for (int i = 0; i < count; ++i) {
    const double sum = warp_sum(sums[i]);
    if (lane == 0) of_warp[i][warp] = sum;
  }
  __syncthreads();
  for (int i = 0; i < count; ++i) sums[i] = warp_sum(lane < warps ? of_warp[i][lane] : 0.0);
}

// The sums over the grid, in the threads of the block for which it is true: the last to arrive, which adds up the
// partial sums in the order of the blocks. partials: count doubles per block. *counter is 0 before and after.
template <int count>
__device__ inline bool grid_sum(double (&sums)[count], double *partials, unsigned *counter) {
  __shared__ bool is_last;
  block_sum(sums);
  if (threadIdx.x == 0) {
    for (int i = 0; i < count; ++i) partials[i * gridDim.x + blockIdx.x] = sums[i];
    __threadfence();  // the partial sums are visible before the arrival is
    is_last = atomicAdd(counter, 1u) == gridDim.x - 1;
    __threadfence();  // before the barrier, so that all threads see the partial sums of the blocks that arrived earlier
  }
  __syncthreads();
  if (!is_last) return false;
  for (int i = 0; i < count; ++i) {
    const volatile double *of_block = partials + i * gridDim.x;  // volatile: not from this multiprocessor's own cache
    sums[i] = 0;
    for (unsigned block = threadIdx.x; block < gridDim.x; block += blockDim.x) sums[i] += of_block[block];
  }
  block_sum(sums);
  if (threadIdx.x == 0) *counter = 0;
  return true;
}

// *first += sums[0];  *second += sums[1], over the grid      (either may be null)
__device__ inline void add_grid_sums(double (&sums)[2], double *partials, unsigned *counter, float *first,
                                     float *second) {
  if (first == nullptr && second == nullptr) return;
  if (!grid_sum(sums, partials, counter) || threadIdx.x != 0) return;
  if (first != nullptr) *first += static_cast<float>(sums[0]);
  if (second != nullptr) *second += static_cast<float>(sums[1]);
}

}  // namespace revup
