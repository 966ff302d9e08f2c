// Vector arithmetic of power iteration, gradient clipping and convergence checks.
#include "../include/revup_tables.h"
#include "reduce.cuh"
#include "vector.cuh"

namespace revup {
namespace {

// This thread's share of sum(x * y); `thread` counts from 0 to `threads`.
__device__ double products(long long n, const float *x, const float *y, long long thread, long long threads) {
  double sum = 0;
  for_each_pack<4>(n, thread, threads, [&](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    const Floats<w> left = load<w>(x + i), right = load<w>(y + i);
    for (int k = 0; k < w; ++k) sum += static_cast<double>(left.at[k]) * static_cast<double>(right.at[k]);
  });
  return sum;
}

// x *= factor, by one block.
__device__ void multiply(long long n, double factor, float *x) {
  for_each_pack<4>(n, threadIdx.x, blockDim.x, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> values = load<w>(x + i);
    for (int k = 0; k < w; ++k) values.at[k] = static_cast<float>(static_cast<double>(values.at[k]) * factor);
    store(values, x + i);
  });
}

// Uniform in (-1, 1) from the index alone: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). The numerator is odd, so that
// no element is zero and even a vector of one element can be normalised.
__device__ float draw(unsigned long long seed, long long index) {
  unsigned long long z = seed + (static_cast<unsigned long long>(index) + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  const int numerator = static_cast<int>(z >> 40 | 1) - (1 << 23);
  return static_cast<float>(numerator) * 0x1p-23f;
}

}  // namespace
}  // namespace revup

using namespace revup;

// y += alpha * x (alpha null: 1).
// Geometry: Elementwise over x; 4 elements per thread and step.
// Bytes per element: 8 read, 4 written. Accumulator: none. Deterministic. Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads)
    axpy(long long count, const float *alpha, const float *x, float *y) {
  const float factor = alpha == nullptr ? 1.0f : *alpha;
  for_each_pack<4>(count, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> sum = load<w>(y + i);
    const Floats<w> term = load<w>(x + i);
    for (int k = 0; k < w; ++k) sum.at[k] += factor * term.at[k];
    store(sum, y + i);
  });
}
KERNEL_EXPORT(axpy)

// *result = sum(x * y).
// Geometry: Elementwise over x; 4 elements per thread and step. At most 1024 blocks.
// Bytes per element: 8 read. Accumulator: double. Deterministic for one grid size. Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads)
    dot(long long count, const float *x, const float *y, double *result, double *partials, unsigned *counter) {
  double sums[1] = {products(count, x, y, global_thread(), grid_threads())};
  if (grid_sum(sums, partials, counter) && threadIdx.x == 0) *result = sums[0];
}
KERNEL_EXPORT(dot)

// For each vector x of the table: its norm ||x||_2 into the buffer, and x = x / ||x||. When ||x|| <= 1e-12 (a zero
// convolution), the norm is 0 and x a unit vector drawn from seed + its number, so that power iteration does not
// stay at zero for ever; or zero when `draws` is 0.
// Geometry: RowPerBlock over vectors of longest / 4 threads; a block owns one vector. There are hundreds, one per
// convolution, so that they fill the device. Each has about 10^5 elements, which the second pass finds in the cache.
// Bytes per element: 4 read, again from the cache; 4 written. Accumulator: double. Deterministic for one block size.
// Restrictions: vectors of the table do not overlap.
extern "C" __global__ void __launch_bounds__(kBlockLimit)
    normalize_all(long long vectors, const revup_vector *table, int draws, unsigned long long seed, float *buffer) {
  for (long long i = blockIdx.x; i < vectors; i += gridDim.x) {
    const long long n = static_cast<long long>(table[i].count);
    float *x = buffer + static_cast<long long>(table[i].first);
    double sums[1] = {products(n, x, x, threadIdx.x, blockDim.x)};
    block_sum(sums);
    const double length = sqrt(sums[0]);
    const bool is_zero = length <= 1e-12;  // false for a NaN, which has to stay visible
    if (threadIdx.x == 0) buffer[static_cast<long long>(table[i].norm)] = is_zero ? 0.0f : static_cast<float>(length);
    if (!is_zero || draws == 0) {
      multiply(n, is_zero ? 0 : 1 / length, x);
      continue;
    }
    const unsigned long long own_seed = seed + static_cast<unsigned long long>(i);
    double drawn[1] = {};
    for (long long k = threadIdx.x; k < n; k += blockDim.x) {
      const double value = static_cast<double>(draw(own_seed, k));
      drawn[0] += value * value;
    }
    block_sum(drawn);
    const double factor = 1 / sqrt(drawn[0]);
    for (long long k = threadIdx.x; k < n; k += blockDim.x) {
      x[k] = static_cast<float>(static_cast<double>(draw(own_seed, k)) * factor);
    }
  }
}
KERNEL_EXPORT(normalize_all)
