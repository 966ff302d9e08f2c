// Fill, type conversion and scaling.
#include "vector.cuh"

namespace revup {
namespace {

// y = scale * x (scale null: 1), converted to Y by rounding to nearest even.
template <typename X, typename Y>
__device__ void convert(long long n, const float *scale, const X *x, Y *y) {
  const float factor = scale == nullptr ? 1.0f : *scale;
  for_each_pack<pack_width<X, Y>>(n, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> values = load<w>(x + i);
    for (int k = 0; k < w; ++k) values.at[k] *= factor;
    store(values, y + i);
  });
}

}  // namespace
}  // namespace revup

using namespace revup;

// y = value
// Geometry: Elementwise over y; 4 elements per thread and step.
// Bytes per element: 4 written. Accumulator: none. Deterministic. Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads) fill(long long count, float value, float *y) {
  for_each_pack<4>(count, [=](auto width, long long i) {
    constexpr int w = decltype(width)::value;
    Floats<w> values;
    for (int k = 0; k < w; ++k) values.at[k] = value;
    store(values, y + i);
  });
}
KERNEL_EXPORT(fill)

// y = x, rounded to nearest even.
// Geometry: Elementwise; 8 elements per thread and step.
// Bytes per element: 4 read, 2 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads) cast_f32_bf16(long long count, const float *x, bf16 *y) {
  convert(count, nullptr, x, y);
}
KERNEL_EXPORT(cast_f32_bf16)

// y = x
// Geometry: Elementwise; 8 elements per thread and step.
// Bytes per element: 2 read, 4 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads) cast_bf16_f32(long long count, const bf16 *x, float *y) {
  convert(count, nullptr, x, y);
}
KERNEL_EXPORT(cast_bf16_f32)

// y = scale * x (scale null: 1): a convolution's weights as it is computed with.
// Geometry: Elementwise; 4 elements per thread and step.
// Bytes per element: 4 read, 4 written. Accumulator: none. Deterministic. Restrictions: y may alias x.
extern "C" __global__ void __launch_bounds__(kThreads)
    scale_f32(long long count, const float *scale, const float *x, float *y) {
  convert(count, scale, x, y);
}
KERNEL_EXPORT(scale_f32)

// The same, rounded to nearest even.
// Geometry: Elementwise; 8 elements per thread and step.
// Bytes per element: 4 read, 2 written. Accumulator: none. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    scale_f32_bf16(long long count, const float *scale, const float *x, bf16 *y) {
  convert(count, scale, x, y);
}
KERNEL_EXPORT(scale_f32_bf16)
