// Zero-padded channels, and dropping them again.
#include "vector.cuh"

using namespace revup;

// y [rows, y_channels] = x [rows, x_channels], with extra channels 0 or dropped.
// Geometry: Elementwise; one 16-byte access of y per thread and step, one element if either count is not a multiple
// of 4.
// Bytes per element of y: 4 written, 4 read where x has one. Accumulator: none. Deterministic. Restrictions: no
// aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    resize_channels(long long rows, long long x_channels, const float *x, long long y_channels, float *y) {
  with_channel_width(x_channels | y_channels, [=](auto access) {
    constexpr int w = decltype(access)::value;
    for_each_index(rows * y_channels / w, [=](auto index) {
      using Index = decltype(index);
      const Index y_row = static_cast<Index>(y_channels / w), x_row = static_cast<Index>(x_channels / w);
      const Index row = index / y_row, place = index % y_row;
      Floats<w> values = {};
      if (place < x_row) values = load<w>(x + (static_cast<long long>(row) * x_row + place) * w);
      store(values, y + static_cast<long long>(index) * w);
    });
  });
}
KERNEL_EXPORT(resize_channels)
