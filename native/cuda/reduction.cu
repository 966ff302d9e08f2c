// Vector arithmetic of power iteration, gradient clipping and convergence checks.
#include "reduce.cuh"
#include "vector.cuh"

namespace revup {
namespace {

// This thread's share of sum(x * y).
__device__ double products(long long n, const float *x, const float *y) {
  double sum = 0;
  for_each_pack<4>(n, [&](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    const Floats<w> left = load<w>(x + i), right = load<w>(y + i);
    for (int k = 0; k < w; ++k) sum += static_cast<double>(left.at[k]) * static_cast<double>(right.at[k]);
  });
  return sum;
}

__device__ void multiply(long long n, const float *x, double factor, float *y) {
  for_each_pack<4>(n, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> values = load<w>(x + i);
    for (int k = 0; k < w; ++k) values.at[k] = static_cast<float>(static_cast<double>(values.at[k]) * factor);
    store(values, y + i);
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
// Geometry: Elementwise; 4 elements per thread and step.
// Bytes per element: 8 read, 4 written. Accumulator: none. Deterministic. Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads) axpy(long long n, const float *alpha, const float *x, float *y) {
  const float factor = alpha == nullptr ? 1.0f : *alpha;
  for_each_pack<4>(n, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> sum = load<w>(y + i);
    const Floats<w> term = load<w>(x + i);
    for (int k = 0; k < w; ++k) sum.at[k] += factor * term.at[k];
    store(sum, y + i);
  });
}
KERNEL_EXPORT(axpy)

// *result = sum(x * y).
// Geometry: Elementwise; 4 elements per thread and step. At most 1024 blocks.
// Bytes per element: 8 read. Accumulator: double. Deterministic for one grid size. Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads)
    dot(long long n, const float *x, const float *y, double *result, double *partials, unsigned *counter) {
  double sums[1] = {products(n, x, y)};
  if (grid_sum(sums, partials, counter) && threadIdx.x == 0) *result = sums[0];
}
KERNEL_EXPORT(dot)

// *norm = ||x||_2 and y = x / ||x||. When ||x|| <= 1e-12 (a zero convolution), *norm = 0 and y is a unit vector drawn
// from seed, so that power iteration starts anew instead of staying at zero for ever.
// Geometry: RowPerBlock; one block of up to 1024 threads owns the vector: of the order of 10^5 elements, most of which
// the second pass finds in the cache, and two launches fewer than a grid would take.
// Bytes per element: 8 read, 4 written. Accumulator: double. Deterministic. Restrictions: one block; y may alias x.
extern "C" __global__ void __launch_bounds__(kBlockLimit)
    normalize(long long n, const float *x, unsigned long long seed, float *y, float *norm) {
  double sums[1] = {products(n, x, x)};
  block_sum(sums);
  const double length = sqrt(sums[0]);
  const bool is_zero = length <= 1e-12;  // false for a NaN, which has to stay visible
  if (threadIdx.x == 0) *norm = is_zero ? 0.0f : static_cast<float>(length);
  if (!is_zero) {
    multiply(n, x, 1 / length, y);
    return;
  }
  double drawn[1] = {};
  for (long long i = threadIdx.x; i < n; i += blockDim.x) {
    const double value = static_cast<double>(draw(seed, i));
    drawn[0] += value * value;
  }
  block_sum(drawn);
  const double factor = 1 / sqrt(drawn[0]);
  for (long long i = threadIdx.x; i < n; i += blockDim.x) {
    y[i] = static_cast<float>(static_cast<double>(draw(seed, i)) * factor);
  }
}
KERNEL_EXPORT(normalize)
