// Space-to-depth and back. Letters: N batch, D H W extents of x, C channels of x, R = 2C, the run of floats that is
// contiguous on both sides: the columns dj = 0, 1 of one row of a block.
#include "vector.cuh"

namespace revup {
namespace {

// y [N, D/2, H/2, W/2, dk, di, R] and x [N, D/2, dk, H/2, di, W/2, R]; without D and dk when rank is 2. A thread goes
// from an access of y to its place in x.
template <bool forward>
__device__ void rearrange(int rank, long long batch, long long depth, long long height, long long width,
                          long long channels, const float *from, float *to) {
  const int rows = rank == 3 ? 4 : 2;  // of x that a block spans: b = dk * 2 + di
  with_channel_width(2 * channels, [=](auto access) {
    constexpr int w = decltype(access)::value;
    const long long accesses = batch * depth * height * width * channels / w;
    for_each_index(accesses, [=](auto index) {
      using Index = decltype(index);
      const Index run = static_cast<Index>(2 * channels / w), columns = static_cast<Index>(width / 2);
      const Index block_rows = static_cast<Index>(height / 2);
      const Index position = index / run, b = position % rows;
      const Index column = position / rows % columns, block_row = position / rows / columns;
      const Index plane = block_row / block_rows * (rows / 2) + b / 2;
      const Index x_row = plane * (2 * block_rows) + block_row % block_rows * 2 + b % 2;
      const long long y_at = static_cast<long long>(index) * w;
      const long long x_at = static_cast<long long>((x_row * columns + column) * run + index % run) * w;
      if constexpr (forward) {
        store(load<w>(from + x_at), to + y_at);
      } else {
        store(load<w>(from + y_at), to + x_at);
      }
    });
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

// y[n, i, j, (di*2+dj)*C + c] = x[n, 2i+di, 2j+dj, c]; in 3-D ((dk*2+di)*2+dj)*C + c. Extents e0 (1 when rank is 2), e1
// and e2 are x's.
// Geometry: Elementwise over y; one 16-byte access of y per thread and step, one element if C is odd.
// Bytes per element: 4 read, 4 written. Accumulator: none. Deterministic. Restrictions: even extents, no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    squeeze(int rank, long long batch, long long e0, long long e1, long long e2, long long channels, const float *x,
            float *y) {
  rearrange<true>(rank, batch, e0, e1, e2, channels, x, y);
}
KERNEL_EXPORT(squeeze)

// The inverse, and the gradient, of squeeze; the extents are x's again.
// Geometry: Elementwise over x; as squeeze.
// Bytes per element: 4 read, 4 written. Accumulator: none. Deterministic. Restrictions: even extents, no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    unsqueeze(int rank, long long batch, long long e0, long long e1, long long e2, long long channels, const float *y,
              float *x) {
  rearrange<false>(rank, batch, e0, e1, e2, channels, y, x);
}
KERNEL_EXPORT(unsqueeze)
