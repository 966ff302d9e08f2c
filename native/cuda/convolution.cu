// Convolutions as products of matrices, which are gathered from the tensors and never stored. The plan of last resort:
// it takes every geometry, needs no library, and adds in an order that the geometry fixes.
#include "convolution_taps.cuh"

namespace revup {
namespace {

// wgrad at one tap: rows are output channels, columns input channels. The sum runs over a part of the positions of y.
template <typename T>
struct OverPositions {
  static constexpr int kRowsOfThread = kTileRows * 4 / kThreads;

  const Convolution &shape;
  const T *x, *dy;
  ConvolutionPlace place;
  Spot tap;
  int next, end, steps, height, width, held = 0;
  bool are_rows_whole, are_columns_whole;
  uint4 rows[kRowsOfThread], column;

  __device__ OverPositions(const Convolution &convolution, const T *input, const T *gradient, long long block,
                           const Spot &at, int begin, int behind)
      : shape(convolution),
        x(input),
        dy(gradient),
        place(convolution.out_group, convolution.in_group, block),
        tap(at),
        next(begin),
        end(behind),
        steps((behind - begin + kSlice<T> - 1) / kSlice<T>),
        height(convolution.out_group - place.row),
        width(convolution.in_group - place.column),
        are_rows_whole(convolution.out_channels % kPack<T> == 0 && convolution.out_group % kPack<T> == 0),
        are_columns_whole(convolution.in_channels % kPack<T> == 0 && convolution.in_group % kPack<T> == 0) {}

  __device__ void fetch() {
    held = end - next < kSlice<T> ? end - next : kSlice<T>;
    for (int i = 0; i < kRowsOfThread; ++i) {
      const int out = place.row + across(kTileRows, i) * kPack<T>, k = along(kTileRows, i);
      const T *const at = dy + static_cast<long long>(next + k) * shape.out_channels + place.group * shape.out_group;
      rows[i] = load_pack(at + out, k < held ? shape.out_group - out : 0, are_rows_whole);
    }
    const int in = place.column + across(kTileColumns, 0) * kPack<T>, k = along(kTileColumns, 0);
    const int position = k < held ? shape.input_of(shape.output(next + k), tap) : -1;
    const T *const at = x + static_cast<long long>(position) * shape.in_channels + place.group * shape.in_group;
    column = load_pack(at + in, position < 0 ? 0 : shape.in_group - in, are_columns_whole);
    next += kSlice<T>;
  }

  __device__ void put(ConvolutionTile &tile, bool is_tf32) {
    for (int i = 0; i < kRowsOfThread; ++i) {
      put_across<T>(rounded<T>(rows[i], is_tf32), tile.rows + across(kTileRows, i) * kPack<T>, along(kTileRows, i));
    }
    put_across<T>(rounded<T>(column, is_tf32), tile.columns + across(kTileColumns, 0) * kPack<T>,
                  along(kTileColumns, 0));
  }

  __device__ int words() const { return (held * static_cast<int>(sizeof(T)) + 3) / 4; }

 private:
  __device__ static int across(int side, int i) {
    return (static_cast<int>(threadIdx.x) + i * kThreads) % (side / kPack<T>);
  }
  __device__ static int along(int side, int i) {
    return (static_cast<int>(threadIdx.x) + i * kThreads) / (side / kPack<T>);
  }
};

template <typename T, bool is_forward>
__device__ inline void over_taps(const Convolution &shape, bool is_tf32, const T *from, const T *weights, T *to) {
  OverTaps<T, is_forward> source(shape, from, weights, blockIdx.x);
  const ConvolutionSums sums = tile_product<T>(source, is_tf32);
  const int positions = is_forward ? shape.outputs() : shape.inputs();
  const int channels = is_forward ? shape.out_channels : shape.in_channels, results = source.results;
  const bool is_pair = channels % 2 == 0 && results % 2 == 0;
  const ConvolutionPlace place = source.place;
  for_each_pair(sums, [=](int row, int column, float first, float second) {
    if (place.row + row >= positions) return;
    T *const at = to + static_cast<long long>(place.row + row) * channels + place.group * results;
    store_results(first, second, results - place.column - column, is_pair, at + place.column + column);
  });
}

// Blocks count tiles first, then taps, then parts of the sum.
template <typename T>
__device__ inline void over_positions(const Convolution &shape, bool is_tf32, long long parts, const T *x, const T *dy,
                                      float *to) {
  const long long tiles = static_cast<long long>((shape.in_group + kTileColumns - 1) / kTileColumns) *
                          ((shape.out_group + kTileRows - 1) / kTileRows) * shape.groups;
  const int tap = static_cast<int>(blockIdx.x / tiles % shape.taps());
  const int part = static_cast<int>(blockIdx.x / tiles / shape.taps());
  const int outputs = shape.outputs();
  // Of whole slices, so that only the last one of all is cut.
  const int slices = (outputs + kSlice<T> - 1) / kSlice<T>, share = static_cast<int>((slices + parts - 1) / parts);
  const int begin = min(part * share * kSlice<T>, outputs), end = min(begin + share * kSlice<T>, outputs);
  OverPositions<T> source(shape, x, dy, blockIdx.x % tiles, shape.tap(tap), begin, end);
  const ConvolutionSums sums = tile_product<T>(source, is_tf32);
  const ConvolutionPlace place = source.place;
  const bool is_pair = shape.in_group % 2 == 0;
  float *const own = to + static_cast<long long>(part) * shape.out_channels * shape.taps() * shape.in_group;
  for_each_pair(sums, [&](int row, int column, float first, float second) {
    const int out = place.row + row, in = place.column + column;
    if (out >= shape.out_group) return;
    store_results(first, second, shape.in_group - in, is_pair,
                  own + shape.weights(place.group * shape.out_group + out, tap) + in);
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

// y = w * x. tf32: float32 factors are rounded to TF32 for tensor cores, which take all factors in bfloat16.
// Geometry: RowPerBlock; a block makes a tile of 128 output positions and 64 channels of a group, a warp 32 x 32 of it.
// Bytes per element of x: sizeof(T) read from memory, sizeof(T) written where y is as large; 16-byte reads if the
// channels of a group are whole packs. The other taps read from the cache. Accumulator: float32, tap by tap, in slices
// of 64 bytes of the channels. Deterministic. Restrictions: no aliasing; fewer than 2^31 - 128 positions.
#define CONVOLUTION_FORWARD(T)                                                                                         \
  extern "C" __global__ void __launch_bounds__(kThreads, 2) convolution_forward_##T(                                   \
      long long batch, long long in_channels, long long out_channels, long long groups, long long d, long long h,      \
      long long w, long long kernel_d, long long kernel_h, long long kernel_w, long long stride_d, long long stride_h, \
      long long stride_w, long long padding_d, long long padding_h, long long padding_w, int tf32, const T *x,         \
      const T *weights, T *y) {                                                                                        \
    const Convolution shape(batch, in_channels, out_channels, groups, {d, kernel_d, stride_d, padding_d},              \
                            {h, kernel_h, stride_h, padding_h}, {w, kernel_w, stride_w, padding_w});                   \
    over_taps<T, true>(shape, tf32 != 0, x, weights, y);                                                               \
  }                                                                                                                    \
  KERNEL_EXPORT(convolution_forward_##T)

CONVOLUTION_FORWARD(f32)
CONVOLUTION_FORWARD(bf16)

// dx = w^T * dy; the others as in convolution_forward.
// Geometry: RowPerBlock; a block makes a tile of 128 input positions and 64 channels of a group, a warp 32 x 32 of it.
// Bytes per element of dy: sizeof(T) read from memory, sizeof(T) written where dx is as large; 16-byte reads as there.
// Accumulator: float32, as there. Deterministic: it gathers. Restrictions: as there.
#define CONVOLUTION_BACKWARD_DATA(T)                                                                                   \
  extern "C" __global__ void __launch_bounds__(kThreads, 2) convolution_backward_data_##T(                             \
      long long batch, long long in_channels, long long out_channels, long long groups, long long d, long long h,      \
      long long w, long long kernel_d, long long kernel_h, long long kernel_w, long long stride_d, long long stride_h, \
      long long stride_w, long long padding_d, long long padding_h, long long padding_w, int tf32, const T *dy,        \
      const T *weights, T *dx) {                                                                                       \
    const Convolution shape(batch, in_channels, out_channels, groups, {d, kernel_d, stride_d, padding_d},              \
                            {h, kernel_h, stride_h, padding_h}, {w, kernel_w, stride_w, padding_w});                   \
    over_taps<T, false>(shape, tf32 != 0, dy, weights, dx);                                                            \
  }                                                                                                                    \
  KERNEL_EXPORT(convolution_backward_data_##T)

CONVOLUTION_BACKWARD_DATA(f32)
CONVOLUTION_BACKWARD_DATA(bf16)

// dw[part] = the gradient of the weights, summed over one of `parts` parts of the output positions.
// Geometry: RowPerBlock; a block makes a tile of 128 output and 64 input channels of a group, at one tap and of a part.
// Bytes per element of x: sizeof(T) + sizeof(T) read from memory, dy included, 4 written where dw is as large.
// Accumulator: float32, in slices of 64 bytes of the positions. Deterministic: convolution_weights_sum adds the parts
// in order. Restrictions: as in convolution_forward.
#define CONVOLUTION_BACKWARD_WEIGHTS(T)                                                                                \
  extern "C" __global__ void __launch_bounds__(kThreads, 2) convolution_backward_weights_##T(                          \
      long long batch, long long in_channels, long long out_channels, long long groups, long long d, long long h,      \
      long long w, long long kernel_d, long long kernel_h, long long kernel_w, long long stride_d, long long stride_h, \
      long long stride_w, long long padding_d, long long padding_h, long long padding_w, int tf32, long long parts,    \
      const T *x, const T *dy, float *dw) {                                                                            \
    const Convolution shape(batch, in_channels, out_channels, groups, {d, kernel_d, stride_d, padding_d},              \
                            {h, kernel_h, stride_h, padding_h}, {w, kernel_w, stride_w, padding_w});                   \
    over_positions(shape, tf32 != 0, parts, x, dy, dw);                                                                \
  }                                                                                                                    \
  KERNEL_EXPORT(convolution_backward_weights_##T)

CONVOLUTION_BACKWARD_WEIGHTS(f32)
CONVOLUTION_BACKWARD_WEIGHTS(bf16)

// sum[i] = sum over parts of dw[part, i]
// Geometry: Elementwise over sum; one 16-byte access per thread, part and step.
// Bytes per element of dw: 4 read, 4 written per sum of its parts. Accumulator: double, part by part. Deterministic.
// Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    convolution_weights_sum(long long count, long long parts, const float *dw, float *sum) {
  for_each_pack<4>(count, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    double total[w] = {};
    for (long long part = 0; part < parts; ++part) {
      for (int k = 0; k < w; ++k) total[k] += static_cast<double>(dw[part * count + i + k]);
    }
    Floats<w> values;
    for (int k = 0; k < w; ++k) values.at[k] = static_cast<float>(total[k]);
    store(values, sum + i);
  });
}
KERNEL_EXPORT(convolution_weights_sum)
