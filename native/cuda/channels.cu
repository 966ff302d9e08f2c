// Zero-padded channels and dropping them again; halves of the channels.
#include "vector.cuh"

using namespace revup;

// y [rows, y_channels] = x [rows, x_channels], with extra channels 0 or dropped.
// Geometry: Elementwise over y; one 16-byte access of y per thread and step, one element if either count is not a
// multiple of 4.
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

// The halves of x [rows, 2 * channels], first and second [rows, channels].
// Geometry: Elementwise over first; one 16-byte access of each half per thread and step, one element if channels is not
// a multiple of 4.
// Bytes per element of x: 4 read, 4 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    split_channels(long long rows, long long channels, const float *x, float *first, float *second) {
  with_channel_width(channels, [=](auto access) {
    constexpr int w = decltype(access)::value;
    for_each_index(rows * channels / w, [=](auto index) {
      using Index = decltype(index);
      const Index row_length = static_cast<Index>(channels / w), row = index / row_length;
      const long long at = static_cast<long long>(index) * w, from = at + static_cast<long long>(row) * channels;
      store(load<w>(x + from), first + at);
      store(load<w>(x + from + channels), second + at);
    });
  });
}
KERNEL_EXPORT(split_channels)

// x [rows, 2 * channels] from its halves, first and second [rows, channels].
// Geometry: Elementwise over first; one 16-byte access of each half per thread and step, one element if channels is not
// a multiple of 4.
// Bytes per element of x: 4 read, 4 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    merge_channels(long long rows, long long channels, const float *first, const float *second, float *x) {
  with_channel_width(channels, [=](auto access) {
    constexpr int w = decltype(access)::value;
    for_each_index(rows * channels / w, [=](auto index) {
      using Index = decltype(index);
      const Index row_length = static_cast<Index>(channels / w), row = index / row_length;
      const long long at = static_cast<long long>(index) * w, to = at + static_cast<long long>(row) * channels;
      store(load<w>(first + at), x + to);
      store(load<w>(second + at), x + to + channels);
    });
  });
}
KERNEL_EXPORT(merge_channels)
