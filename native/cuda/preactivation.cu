// y = act(x + a) + b and its gradients.
#include "activation.cuh"
#include "reduce.cuh"
#include "vector.cuh"

namespace revup {
namespace {

template <typename X, typename Y>
__device__ void preactivate(long long n, int activation, const X *x, const float *a, const float *b, Y *y) {
  const float shift = *a, bias = *b;
  with_activation(activation, [=](auto act) {
    constexpr int run = decltype(act)::kRun;
    for_each_pack<pack_width<X, Y>, run>(n, [=](auto width, long long i) {
      constexpr int w = decltype(width)::value;
      store(activated<decltype(act)>(load<w>(x + i), shift, bias), y + i);
    });
  });
}

template <typename X, typename DY, typename DX>
__device__ void preactivation_gradient(long long n, int activation, const X *x, const float *a, const DY *dy,
                                       const float *scale, const DX *residual, DX *dx, float *sum_a, float *sum_b,
                                       double *partials, unsigned *counter) {
  const float shift = *a, factor = scale == nullptr ? 1.0f : *scale;
  double sums[2] = {};  // of scale * dy * act'(x + a), and of scale * dy
  with_activation(activation, [&](auto act) {
    constexpr int run = decltype(act)::kRun;
    for_each_pack<pack_width<X, DY, DX>, run>(n, [&](auto width, long long i) {
      constexpr int w = decltype(width)::value;
      Floats<w> t = load<w>(x + i), g = load<w>(dy + i);
      Floats<w> result = {};
      if (residual != nullptr) result = load<w>(residual + i);
      float pack_sums[2] = {};
      for (int k = 0; k < w; ++k) {
        t.at[k] += shift;
        g.at[k] *= factor;
        pack_sums[1] += g.at[k];
      }
      for (int k = 0; k < w; k += run) decltype(act)::gradient(t.at + k, g.at + k);
      for (int k = 0; k < w; ++k) {
        result.at[k] += g.at[k];
        pack_sums[0] += g.at[k];
      }
      store(result, dx + i);
      sums[0] += static_cast<double>(pack_sums[0]);
      sums[1] += static_cast<double>(pack_sums[1]);
    });
  });
  add_grid_sums(sums, partials, counter, sum_a, sum_b);
}

template <typename DX>
__device__ void gradient_of_result(long long n, int activation, const bf16 *y, const float *b, const bf16 *dy,
                                   const float *scale, const DX *residual, DX *dx, bf16 *narrow, float *sum_a,
                                   float *sum_b, double *partials, unsigned *counter) {
  const float bias = *b, rounded = to_float(__float2bfloat16(bias)), factor = scale == nullptr ? 1.0f : *scale;
  double sums[2] = {};  // of scale * dy * act', and of scale * dy
  with_pointwise(activation, [&](auto act) {
    for_each_pack<8>(n, [&](auto width, long long i) {
      constexpr int w = decltype(width)::value;
      const Floats<w> value = load<w>(y + i), gradient = load<w>(dy + i);
      Floats<w> result = {};
      if (residual != nullptr) result = load<w>(residual + i);
      add_gradient_of_result(act, value, gradient, bias, rounded, factor, result, sums);
      store(result, dx + i);
      if (narrow != nullptr) store(result, narrow + i);
    });
  });
  add_grid_sums(sums, partials, counter, sum_a, sum_b);
}

}  // namespace
}  // namespace revup

using namespace revup;

// y = act(x + a) + b, a and b scalars on the device.
// Geometry: Elementwise over x; 4 elements per thread and step, 8 with bf16.
// Bytes per element: sizeof(X) read, sizeof(Y) written. Accumulator: none. Deterministic.
// Restrictions: count is even for MaxMin; y may alias x if the types are equal.
#define PREACTIVATION_FORWARD(X, Y)                                                        \
  extern "C" __global__ void __launch_bounds__(kThreads) preactivation_forward_##X##_##Y(  \
      long long count, int activation, const X *x, const float *a, const float *b, Y *y) { \
    preactivate(count, activation, x, a, b, y);                                            \
  }                                                                                        \
  KERNEL_EXPORT(preactivation_forward_##X##_##Y)

PREACTIVATION_FORWARD(f32, f32)
PREACTIVATION_FORWARD(f32, bf16)
PREACTIVATION_FORWARD(bf16, f32)
PREACTIVATION_FORWARD(bf16, bf16)

// dx = residual + scale * dy * act'(x + a)      (residual null: 0; scale null: 1)
// *sum_a += sum(scale * dy * act'(x + a));  *sum_b += sum(scale * dy)      (either may be null)
// Geometry: Elementwise over x; 4 elements per thread and step, 8 with bf16. At most 1024 blocks if there are sums.
// Bytes per element: sizeof(X) + sizeof(DY) + sizeof(DX) for the residual read, sizeof(DX) written.
// Accumulator: float32 over one pack, double from there on. Deterministic for one grid size.
// Restrictions: count is even for MaxMin; dx may alias dy, residual and x if the types are equal.
#define PREACTIVATION_BACKWARD(X, DY, DX)                                                                      \
  extern "C" __global__ void __launch_bounds__(kThreads, 5) preactivation_backward_##X##_##DY##_##DX(          \
      long long count, int activation, const X *x, const float *a, const DY *dy, const float *scale,           \
      const DX *residual, DX *dx, float *sum_a, float *sum_b, double *partials, unsigned *counter) {           \
    preactivation_gradient(count, activation, x, a, dy, scale, residual, dx, sum_a, sum_b, partials, counter); \
  }                                                                                                            \
  KERNEL_EXPORT(preactivation_backward_##X##_##DY##_##DX)

PREACTIVATION_BACKWARD(f32, f32, f32)
PREACTIVATION_BACKWARD(f32, f32, bf16)
PREACTIVATION_BACKWARD(f32, bf16, f32)
PREACTIVATION_BACKWARD(f32, bf16, bf16)
PREACTIVATION_BACKWARD(bf16, f32, f32)
PREACTIVATION_BACKWARD(bf16, f32, bf16)
PREACTIVATION_BACKWARD(bf16, bf16, f32)
PREACTIVATION_BACKWARD(bf16, bf16, bf16)

// dx = residual + scale * dy * act', act' from y = act(t) + b      (residual null: 0; scale null: 1)
// narrow = dx in bfloat16 (null: not written);  *sum_a and *sum_b as above
// Geometry: Elementwise over y; 8 elements per thread and step. At most 1024 blocks if there are sums.
// Bytes per element: 4 + sizeof(DX) for the residual read, sizeof(DX) + 2 written, narrow included.
// Accumulator: float32 over one pack, double from there on. Deterministic for one grid size.
// Restrictions: not for MaxMin; dx may alias residual, and y if the types are equal; narrow may alias dy.
#define PREACTIVATION_GRADIENT(DX)                                                                                 \
  extern "C" __global__ void __launch_bounds__(kThreads, 5) preactivation_gradient_##DX(                           \
      long long count, int activation, const bf16 *y, const float *b, const bf16 *dy, const float *scale,          \
      const DX *residual, DX *dx, bf16 *narrow, float *sum_a, float *sum_b, double *partials, unsigned *counter) { \
    gradient_of_result(count, activation, y, b, dy, scale, residual, dx, narrow, sum_a, sum_b, partials, counter); \
  }                                                                                                                \
  KERNEL_EXPORT(preactivation_gradient_##DX)

PREACTIVATION_GRADIENT(f32)
PREACTIVATION_GRADIENT(bf16)
