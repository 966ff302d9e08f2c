// Convolutions whose results go on in registers: into the residual stream, through a pre-activation, or back through
// one. Each is a kernel of convolution.cu and the pointwise operation behind it, without the tensor between them.
#include "activation.cuh"
#include "convolution_taps.cuh"

namespace revup {
namespace {

// Of a run of four elements or of one; runs of four are aligned.
template <int width, typename T>
__device__ inline Floats<width> load_run(const T *from) {
  if constexpr (width * sizeof(T) == 8) {
    const uint2 raw = *reinterpret_cast<const uint2 *>(from);
    T parts[width];
    memcpy(parts, &raw, sizeof raw);
    Floats<width> values;
    for (int k = 0; k < width; ++k) values.at[k] = to_float(parts[k]);
    return values;
  } else {
    return load<width>(from);
  }
}

template <int width, typename T>
__device__ inline void store_run(const Floats<width> &values, T *to) {
  if constexpr (width * sizeof(T) == 8) {
    T parts[width];
    for (int k = 0; k < width; ++k) from_float(values.at[k], parts[k]);
    uint2 raw;
    memcpy(&raw, parts, sizeof raw);
    *reinterpret_cast<uint2 *>(to) = raw;
  } else {
    store(values, to);
  }
}

// The results of a block of fprop or dgrad, in registers.
template <typename T, bool is_forward>
struct ConvolutionResults {
  ConvolutionSums sums;
  ConvolutionPlace place;
  int positions, channels, results;

  __device__ ConvolutionResults(const Convolution &shape, bool is_tf32, const T *from, const T *weights)
      : place(1, 1, 0),
        positions(is_forward ? shape.outputs() : shape.inputs()),
        channels(is_forward ? shape.out_channels : shape.in_channels) {
    OverTaps<T, is_forward> source(shape, from, weights, blockIdx.x);
    sums = tile_product<T>(source, is_tf32);
    place = source.place;
    results = source.results;
  }

  // Calls body(Width<w>, place in the result, w sums) for runs that together are the results of this thread.
  template <typename Body>
  __device__ void for_each(Body body) const {
    const bool is_run = channels % 4 == 0 && results % 4 == 0;
    for_each_four(sums, [&](int row, int column, const Floats<4> &run) {
      const int count = results - place.column - column;
      if (place.row + row >= positions || count <= 0) return;
      const long long at =
          static_cast<long long>(place.row + row) * channels + place.group * results + place.column + column;
      if (is_run) {
        body(Width<4>{}, at, run);
        return;
      }
#pragma unroll
      for (int k = 0; k < 4; ++k) {
        if (k < count) body(Width<1>{}, at + k, Floats<1>{{run.at[k]}});
      }
    });
  }
};

template <typename T>
__device__ inline void add_results(const ConvolutionResults<T, true> &product, const float *x, const float *s, float *y,
                                   int activation, const float *a, const float *b, T *ahead) {
  const float scale = *s, shift = ahead == nullptr ? 0.0f : *a, bias = ahead == nullptr ? 0.0f : *b;
  with_pointwise(activation, [&](auto act) {
    product.for_each([&](auto width, long long i, auto z) {
      constexpr int w = decltype(width)::value;
      Floats<w> values = load_run<w>(x + i);
      for (int k = 0; k < w; ++k) values.at[k] += scale * z.at[k];
      store_run(values, y + i);
      if (ahead != nullptr) store_run(activated<Pointwise<decltype(act)>>(values, shift, bias), ahead + i);
    });
  });
}

template <typename T>
__device__ inline void step_results(const ConvolutionResults<T, true> &product, const float *y, const float *s,
                                    const float *x, float *x_next, double *statistics, int activation, const float *a,
                                    const float *b, T *ahead, double *partials, unsigned *counter) {
  const float scale = *s, shift = ahead == nullptr ? 0.0f : *a, bias = ahead == nullptr ? 0.0f : *b;
  double sums[2] = {};
  with_pointwise(activation, [&](auto act) {
    product.for_each([&](auto width, long long i, auto z) {
      constexpr int w = decltype(width)::value;
      Floats<w> values = load_run<w>(y + i);
      const Floats<w> previous = x == nullptr ? values : load_run<w>(x + i);
      float run_sums[2] = {};
      for (int k = 0; k < w; ++k) {
        values.at[k] -= scale * z.at[k];
        const float change = values.at[k] - previous.at[k];
        run_sums[0] += change * change;
        run_sums[1] += values.at[k] * values.at[k];
      }
      store_run(values, x_next + i);
      if (ahead != nullptr) store_run(activated<Pointwise<decltype(act)>>(values, shift, bias), ahead + i);
      sums[0] += static_cast<double>(run_sums[0]);
      sums[1] += static_cast<double>(run_sums[1]);
    });
  });
  if (!grid_sum(sums, partials, counter) || threadIdx.x != 0) return;
  for (int i = 0; i < 2; ++i) statistics[i] = sums[i];
}

__device__ inline void activate_results(const ConvolutionResults<bf16, true> &product, int activation, const float *a,
                                        const float *b, bf16 *y) {
  const float shift = *a, bias = *b;
  with_pointwise(activation, [&](auto act) {
    product.for_each(
        [&](auto, long long i, auto z) { store_run(activated<Pointwise<decltype(act)>>(z, shift, bias), y + i); });
  });
}

template <typename DX>
__device__ inline void differentiate_results(const ConvolutionResults<bf16, false> &product, int activation,
                                             const bf16 *y, const float *b, const float *scale, const DX *residual,
                                             DX *dx, bf16 *narrow, float *sum_a, float *sum_b, double *partials,
                                             unsigned *counter) {
  const float bias = *b, rounded = to_float(__float2bfloat16(bias)), factor = scale == nullptr ? 1.0f : *scale;
  double sums[2] = {};  // of scale * dy * act', and of scale * dy
  with_pointwise(activation, [&](auto act) {
    product.for_each([&](auto width, long long i, auto dy) {
      constexpr int w = decltype(width)::value;
      const Floats<w> value = load_run<w>(y + i);
      Floats<w> result = {};
      if (residual != nullptr) result = load_run<w>(residual + i);
      add_gradient_of_result(act, value, dy, bias, rounded, factor, result, sums);
      store_run(result, dx + i);
      if (narrow != nullptr) store_run(result, narrow + i);
    });
  });
  add_grid_sums(sums, partials, counter, sum_a, sum_b);
}

}  // namespace
}  // namespace revup

using namespace revup;

#define CONVOLUTION_SHAPE                                                                   \
  Convolution(batch, in_channels, out_channels, groups, {d, kernel_d, stride_d, padding_d}, \
              {h, kernel_h, stride_h, padding_h}, {w, kernel_w, stride_w, padding_w})

// y = x + s * (w * p);  ahead = act(y + a) + b, the pre-activation of what reads y next (null: not written)
// Geometry: RowPerBlock; a block makes a tile of 128 output positions and 64 channels of a group, a warp 32 x 32 of it.
// Bytes per element of y: sizeof(T) + 4 read, 4 + sizeof(T) written, for a p as large. 16-byte accesses of float32
// where the channels of a group are whole runs of 4. Accumulator: float32, as in convolution_forward. Deterministic.
// Restrictions: as there; y may alias x. Not for MaxMin.
#define CONVOLUTION_RESIDUAL_ADD(T)                                                                                    \
  extern "C" __global__ void __launch_bounds__(kThreads, 2) convolution_residual_add_##T(                              \
      long long batch, long long in_channels, long long out_channels, long long groups, long long d, long long h,      \
      long long w, long long kernel_d, long long kernel_h, long long kernel_w, long long stride_d, long long stride_h, \
      long long stride_w, long long padding_d, long long padding_h, long long padding_w, int tf32, const T *p,         \
      const T *weights, const float *x, const float *s, float *y, int activation, const float *a, const float *b,      \
      T *ahead) {                                                                                                      \
    add_results(ConvolutionResults<T, true>(CONVOLUTION_SHAPE, tf32 != 0, p, weights), x, s, y, activation, a, b,      \
                ahead);                                                                                                \
  }                                                                                                                    \
  KERNEL_EXPORT(convolution_residual_add_##T)

CONVOLUTION_RESIDUAL_ADD(f32)
CONVOLUTION_RESIDUAL_ADD(bf16)

// x_next = y - s * (w * p);  statistics = {sum((x_next - x)^2), sum(x_next^2)}      (x null: y)
// ahead = act(x_next + a) + b (null: not written)
// Geometry: RowPerBlock, as in convolution_residual_add.
// Bytes per element of y: sizeof(T) + 8 read, 4 + sizeof(T) written, for a p as large; 4 fewer read without x.
// Accumulator: float32, as in convolution_forward; of the statistics float32 over a run, double from there on.
// Deterministic. Restrictions: as in convolution_forward; x_next may alias y and x. Not for MaxMin. partials: 2 doubles
// per block.
#define CONVOLUTION_FIXED_POINT_STEP(T)                                                                                \
  extern "C" __global__ void __launch_bounds__(kThreads, 2) convolution_fixed_point_step_##T(                          \
      long long batch, long long in_channels, long long out_channels, long long groups, long long d, long long h,      \
      long long w, long long kernel_d, long long kernel_h, long long kernel_w, long long stride_d, long long stride_h, \
      long long stride_w, long long padding_d, long long padding_h, long long padding_w, int tf32, const T *p,         \
      const T *weights, const float *y, const float *s, const float *x, float *x_next, double *statistics,             \
      int activation, const float *a, const float *b, T *ahead, double *partials, unsigned *counter) {                 \
    step_results(ConvolutionResults<T, true>(CONVOLUTION_SHAPE, tf32 != 0, p, weights), y, s, x, x_next, statistics,   \
                 activation, a, b, ahead, partials, counter);                                                          \
  }                                                                                                                    \
  KERNEL_EXPORT(convolution_fixed_point_step_##T)

CONVOLUTION_FIXED_POINT_STEP(f32)
CONVOLUTION_FIXED_POINT_STEP(bf16)

// y = act(w * p + a) + b
// Geometry: RowPerBlock, as in convolution_residual_add.
// Bytes per element of y: 2 read, 2 written, for a p as large. Accumulator: float32, as in convolution_forward.
// Deterministic. Restrictions: as there. Not for MaxMin.
extern "C" __global__ void __launch_bounds__(kThreads, 2)
    convolution_preactivation_forward(long long batch, long long in_channels, long long out_channels, long long groups,
                                      long long d, long long h, long long w, long long kernel_d, long long kernel_h,
                                      long long kernel_w, long long stride_d, long long stride_h, long long stride_w,
                                      long long padding_d, long long padding_h, long long padding_w, int tf32,
                                      const bf16 *p, const bf16 *weights, int activation, const float *a,
                                      const float *b, bf16 *y) {
  activate_results(ConvolutionResults<bf16, true>(CONVOLUTION_SHAPE, tf32 != 0, p, weights), activation, a, b, y);
}
KERNEL_EXPORT(convolution_preactivation_forward)

// dx = residual + scale * (w^T * dy) * act', act' from y = act(t) + b      (residual null: 0; scale null: 1)
// narrow = dx in bfloat16 (null: not written)
// *sum_a += sum(scale * (w^T * dy) * act');  *sum_b += sum(scale * (w^T * dy))      (either may be null)
// Geometry: RowPerBlock; a block makes a tile of 128 input positions and 64 channels of a group, a warp 32 x 32 of it.
// Bytes per element of y: 4 + sizeof(DX) for the residual read, sizeof(DX) + 2 written, for a dy as large, narrow
// included. Accumulator: float32, as in convolution_forward; of the sums float32 over a run, double from there on.
// Deterministic. Restrictions: as in convolution_forward; dx may alias residual, and y if that is bfloat16. Not for
// MaxMin. partials: 2 doubles per block.
#define CONVOLUTION_PREACTIVATION_GRADIENT(DX)                                                                         \
  extern "C" __global__ void __launch_bounds__(kThreads, 2) convolution_preactivation_gradient_##DX(                   \
      long long batch, long long in_channels, long long out_channels, long long groups, long long d, long long h,      \
      long long w, long long kernel_d, long long kernel_h, long long kernel_w, long long stride_d, long long stride_h, \
      long long stride_w, long long padding_d, long long padding_h, long long padding_w, int tf32, const bf16 *dy,     \
      const bf16 *weights, int activation, const bf16 *y, const float *b, const float *scale, const DX *residual,      \
      DX *dx, bf16 *narrow, float *sum_a, float *sum_b, double *partials, unsigned *counter) {                         \
    differentiate_results(ConvolutionResults<bf16, false>(CONVOLUTION_SHAPE, tf32 != 0, dy, weights), activation, y,   \
                          b, scale, residual, dx, narrow, sum_a, sum_b, partials, counter);                            \
  }                                                                                                                    \
  KERNEL_EXPORT(convolution_preactivation_gradient_##DX)

CONVOLUTION_PREACTIVATION_GRADIENT(f32)
CONVOLUTION_PREACTIVATION_GRADIENT(bf16)
