// Global average pooling, x [N, positions, C] and y [N, C].
#include "reduce.cuh"
#include "vector.cuh"

using namespace revup;

// y[n, c] = mean over positions of x[n, position, c].
// Geometry: RowPerBlock over batch; a block owns one n at a time, a warp every eighth position of 32 neighbouring
// channels.
// Bytes per element of x: 4 read. Accumulator: double. Deterministic. Restrictions: blocks of 256 threads.
extern "C" __global__ void __launch_bounds__(kThreads)
    global_average_pool_forward(long long batch, long long positions, long long channels, const float *x, float *y) {
  constexpr int warps = kThreads / kWarp;
  __shared__ double sums[warps][kWarp];
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  for (long long n = blockIdx.x; n < batch; n += gridDim.x) {
    const float *image = x + n * positions * channels;
    for (long long first = 0; first < channels; first += kWarp) {
      const long long c = first + lane;
      double sum = 0;
      if (c < channels) {
        for (long long p = warp; p < positions; p += warps) sum += static_cast<double>(image[p * channels + c]);
      }
      sums[warp][lane] = sum;
      __syncthreads();
      if (warp == 0 && c < channels) {
        for (int other = 1; other < warps; ++other) sum += sums[other][lane];
        y[n * channels + c] = static_cast<float>(sum / static_cast<double>(positions));
      }
      __syncthreads();
    }
  }
}
KERNEL_EXPORT(global_average_pool_forward)

// dx[n, position, c] = dy[n, c] / positions.
// Geometry: Elementwise over dx; one 16-byte access of dx per thread and step, one element if C is not a multiple of 4.
// Bytes per element of dx: 4 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    global_average_pool_backward(long long batch, long long positions, long long channels, const float *dy, float *dx) {
  const float share = static_cast<float>(1.0 / static_cast<double>(positions));
  with_channel_width(channels, [=](auto access) {
    constexpr int w = decltype(access)::value;
    for_each_index(batch * positions * channels / w, [=](auto index) {
      using Index = decltype(index);
      const Index row = static_cast<Index>(channels / w), n = index / (row * static_cast<Index>(positions));
      Floats<w> values = load<w>(dy + (static_cast<long long>(n) * row + index % row) * w);
      for (int k = 0; k < w; ++k) values.at[k] *= share;
      store(values, dx + static_cast<long long>(index) * w);
    });
  });
}
KERNEL_EXPORT(global_average_pool_backward)
