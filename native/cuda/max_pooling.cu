// Maximum over windows of 3 with stride 2 and padding 1. Nothing is kept between the passes: backward finds the maxima
// again. A NaN wins, so that it stays visible. Letters: N batch, D H W extents of x, C channels; D is 1 when rank is 2.
#include "activation.cuh"

namespace revup {
namespace {

// One spatial dimension; the depth that rank 2 lacks has a window of 1. [begin, end) are the inputs of output o, and
// [first, last] the outputs that see input i.
template <typename Index>
struct Axis {
  Index input, output;
  bool pooled;

  __device__ Axis(long long extent, bool is_pooled)
      : input(static_cast<Index>(extent)), output(is_pooled ? (input - 1) / 2 + 1 : input), pooled(is_pooled) {}
  __device__ Index begin(Index o) const { return pooled ? (o == 0 ? 0 : 2 * o - 1) : o; }
  __device__ Index end(Index o) const { return pooled ? (2 * o + 2 < input ? 2 * o + 2 : input) : o + 1; }
  __device__ Index first(Index i) const { return pooled ? i / 2 : i; }
  __device__ Index last(Index i) const {
    if (!pooled) return i;
    return (i + 1) / 2 < output ? (i + 1) / 2 : output - 1;
  }
};

// A position of x or y: image, plane, row, column, and the access of w channels in it.
template <typename Index>
struct Place {
  Index n, d, h, w, c;
};

// The tensors in accesses of w channels. Only divisions need a narrow Index; places in memory are 64 bits wide.
template <int w, typename Index>
struct Pool {
  Axis<Index> depth, height, width;
  Index channels;

  __device__ Pool(int rank, long long e0, long long e1, long long e2, long long all_channels)
      : depth(e0, rank == 3), height(e1, true), width(e2, true), channels(static_cast<Index>(all_channels / w)) {}

  __device__ static Place<Index> place(Index i, Index d, Index h, Index width, Index c) {
    const Index position = i / c, row = position / width, plane = row / h;
    return {plane / d, plane % d, row % h, position % width, i % c};
  }
  __device__ Place<Index> input(Index i) const { return place(i, depth.input, height.input, width.input, channels); }
  // y and dy may have more channels than x.
  __device__ Place<Index> output(Index i, Index y_channels) const {
    return place(i, depth.output, height.output, width.output, y_channels);
  }
  __device__ long long output_at(const Place<Index> &at, Index od, Index oh, Index ow, long long dy_channels) const {
    const long long row = (static_cast<long long>(at.n) * depth.output + od) * height.output + oh;
    return (row * width.output + ow) * dy_channels + static_cast<long long>(at.c) * w;
  }

  // Takes the maxima over the window of output (od, oh, ow) in row-major order; calls taken(k, d, h, w) for channel k
  // whenever an input beats those before it.
  template <typename Taken>
  __device__ Floats<w> maximum(const float *x, Index n, Index od, Index oh, Index ow, Index c, Taken taken) const {
    Floats<w> best = {};
    bool is_first = true;
    for (Index d = depth.begin(od); d < depth.end(od); ++d) {
      for (Index h = height.begin(oh); h < height.end(oh); ++h) {
        const long long row = (static_cast<long long>(n) * depth.input + d) * height.input + h;
        for (Index column = width.begin(ow); column < width.end(ow); ++column) {
          const Floats<w> candidate = load<w>(x + ((row * width.input + column) * channels + c) * w);
          for (int k = 0; k < w; ++k) {
            const float value = candidate.at[k];
            if (is_first || value > best.at[k] || value != value) {
              best.at[k] = value;
              taken(k, d, h, column);
            }
          }
          is_first = false;
        }
      }
    }
    return best;
  }
};

// Calls write(i, w elements of y from i on) for all of y, in accesses of `width` channels, or of one where those do not
// fit.
template <int width, typename Write>
__device__ void for_each_maximum(int rank, long long batch, long long e0, long long e1, long long e2,
                                 long long channels, const float *x, long long y_channels, Write write) {
  const long long planes = rank == 3 ? (e0 - 1) / 2 + 1 : e0;
  const long long outputs = batch * planes * ((e1 - 1) / 2 + 1) * ((e2 - 1) / 2 + 1);
  with_channel_width<width>(channels | y_channels, [=](auto access) {
    constexpr int w = decltype(access)::value;
    for_each_index(outputs * y_channels / w, [=](auto index) {
      using Index = decltype(index);
      const Pool<w, Index> pool(rank, e0, e1, e2, channels);
      const Place<Index> at = pool.output(index, static_cast<Index>(y_channels / w));
      const auto nothing = [](int, Index, Index, Index) {};
      Floats<w> values = {};
      if (at.c < pool.channels) values = pool.maximum(x, at.n, at.d, at.h, at.w, at.c, nothing);
      write(static_cast<long long>(index) * w, values);
    });
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

// y[n, o, c] = maximum of x[n, window of o, c], 0 for channels that x does not have; output extents are
// (extent - 1) / 2 + 1.
// Geometry: Elementwise over y; one 16-byte access of y per thread and step, one element if x's or y's channels are not
// a multiple of 4.
// Bytes per element of x: 4 read from memory, 2.25 times that (3.4 in 3-D) from the cache; 4 per element of y written.
// Accumulator: none. Deterministic. Restrictions: no aliasing; extents below 2^31; y has at least the channels of x.
extern "C" __global__ void __launch_bounds__(kThreads)
    max_pool_forward(int rank, long long batch, long long e0, long long e1, long long e2, long long channels,
                     const float *x, long long y_channels, float *y) {
  for_each_maximum<4>(rank, batch, e0, e1, e2, channels, x, y_channels,
                      [=](long long i, const auto &values) { store(values, y + i); });
}
KERNEL_EXPORT(max_pool_forward)

// max_pool_forward;  p = act(y + a) + b, the pre-activation of what reads y next.
// Geometry: Elementwise over y; 8 elements per thread and step, one if x's or y's channels are not a multiple of 8.
// Bytes per element of x: 4 read from memory, 2.25 times that (3.4 in 3-D) from the cache; 6 per element of y written.
// Accumulator: none. Deterministic. Restrictions: as in max_pool_forward. Not for MaxMin.
extern "C" __global__ void __launch_bounds__(kThreads)
    max_pool_forward_ahead(int rank, long long batch, long long e0, long long e1, long long e2, long long channels,
                           const float *x, long long y_channels, float *y, int activation, const float *a,
                           const float *b, bf16 *p) {
  const float shift = *a, bias = *b;
  with_pointwise(activation, [=](auto act) {
    const auto write = [=](long long i, const auto &values) {
      store(values, y + i);
      store(activated<Pointwise<decltype(act)>>(values, shift, bias), p + i);
    };
    for_each_maximum<8>(rank, batch, e0, e1, e2, channels, x, y_channels, write);
  });
}
KERNEL_EXPORT(max_pool_forward_ahead)

// dx[n, i, c] = sum of dy over the windows whose maximum x[n, i, c] is; among equals the first in row-major order.
// Geometry: Elementwise over dx; one 16-byte access of dx per thread and step, one element if x's or dy's channels are
// not a multiple of 4.
// Bytes per element of x: 4 read from memory, 20 times that (91 in 3-D) from the cache; 4 written; dy's channels that x
// has read.
// Accumulator: float32 over at most 8 windows. Deterministic: it gathers. Restrictions: no aliasing; extents below
// 2^31.
extern "C" __global__ void __launch_bounds__(kThreads, 2)  // no fewer registers: it would spill
    max_pool_backward(int rank, long long batch, long long e0, long long e1, long long e2, long long channels,
                      const float *x, long long dy_channels, const float *dy, float *dx) {
  with_channel_width(channels | dy_channels, [=](auto access) {
    constexpr int w = decltype(access)::value;
    for_each_index(batch * e0 * e1 * e2 * channels / w, [=](auto index) {
      using Index = decltype(index);
      const Pool<w, Index> pool(rank, e0, e1, e2, channels);
      const Place<Index> at = pool.input(index);
      Floats<w> sum = {};
      for (Index od = pool.depth.first(at.d); od <= pool.depth.last(at.d); ++od) {
        for (Index oh = pool.height.first(at.h); oh <= pool.height.last(at.h); ++oh) {
          for (Index ow = pool.width.first(at.w); ow <= pool.width.last(at.w); ++ow) {
            bool is_maximum[w] = {};
            pool.maximum(x, at.n, od, oh, ow, at.c, [&](int k, Index d, Index h, Index column) {
              is_maximum[k] = d == at.d && h == at.h && column == at.w;
            });
            const Floats<w> gradient = load<w>(dy + pool.output_at(at, od, oh, ow, dy_channels));
            for (int k = 0; k < w; ++k) sum.at[k] += is_maximum[k] ? gradient.at[k] : 0.0f;
          }
        }
      }
      store(sum, dx + static_cast<long long>(index) * w);
    });
  });
}
KERNEL_EXPORT(max_pool_backward)
