// The fully connected layer beside cuBLASLt's products: its bias, and the gradient of the bias.
#include "reduce.cuh"
#include "vector.cuh"

using namespace revup;

// y[n, o] += bias[o]
// Geometry: Elementwise; one 16-byte access of y per thread and step, one element if outputs is not a multiple of 4.
// Bytes per element of y: 4 read, 4 written; bias from the cache. Accumulator: none. Deterministic. Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads)
    linear_bias_add(long long batch, long long outputs, const float *bias, float *y) {
  with_channel_width(outputs, [=](auto access) {
    constexpr int w = decltype(access)::value;
    for_each_index(batch * outputs / w, [=](auto index) {
      using Index = decltype(index);
      const long long at = static_cast<long long>(index) * w;
      Floats<w> values = load<w>(y + at);
      const Floats<w> terms = load<w>(bias + static_cast<long long>(index % static_cast<Index>(outputs / w)) * w);
      for (int k = 0; k < w; ++k) values.at[k] += terms.at[k];
      store(values, y + at);
    });
  });
}
KERNEL_EXPORT(linear_bias_add)

// y[c] += sum over rows of x[row, c]
// Geometry: RowPerBlock; a block owns 32 neighbouring columns at a time, a warp every eighth row of them.
// Bytes per element of x: 4 read. Accumulator: double. Deterministic. Restrictions: blocks of 256 threads.
extern "C" __global__ void __launch_bounds__(kThreads)
    column_sums_add(long long rows, long long columns, const float *x, float *y) {
  constexpr int warps = kThreads / kWarp;
  __shared__ double sums[warps][kWarp];
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  const long long stride = static_cast<long long>(gridDim.x) * kWarp;
  for (long long first = static_cast<long long>(blockIdx.x) * kWarp; first < columns; first += stride) {
    const long long c = first + lane;
    double sum = 0;
    if (c < columns) {
      for (long long row = warp; row < rows; row += warps) sum += static_cast<double>(x[row * columns + c]);
    }
    sums[warp][lane] = sum;
    __syncthreads();
    if (warp == 0 && c < columns) {
      for (int other = 1; other < warps; ++other) sum += sums[other][lane];
      y[c] = static_cast<float>(static_cast<double>(y[c]) + sum);
    }
    __syncthreads();
  }
}
KERNEL_EXPORT(column_sums_add)
