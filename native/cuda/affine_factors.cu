// From the trained t and b of a per-channel affine layer to the numbers it is computed with, and back, on the device,
// so that no step waits for them. The twin of native/cpu/affine_factors.cpp.
#include "launch.cuh"

namespace revup {
namespace {

__device__ double factor_of(float t) { return exp2(tanh(static_cast<double>(t))); }

}  // namespace
}  // namespace revup

using namespace revup;

// factor = 2^tanh(t);  inverse_factor = 1 / factor;  inverse_shift = -b / factor
// Geometry: Elementwise over t; one channel per thread and step.
// Bytes per channel: 8 read, 12 written. Accumulator: double. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    affine_factors_forward(long long channels, const float *t, const float *b, float *factor, float *inverse_factor,
                           float *inverse_shift) {
  for (long long c = global_thread(); c < channels; c += grid_threads()) {
    const double a = factor_of(t[c]);
    factor[c] = static_cast<float>(a);
    inverse_factor[c] = static_cast<float>(1 / a);
    inverse_shift[c] = static_cast<float>(-static_cast<double>(b[c]) / a);
  }
}
KERNEL_EXPORT(affine_factors_forward)

// gradient += factor_gradient * factor * ln 2 * (1 - tanh(t)^2)
// Geometry: Elementwise over t; one channel per thread and step.
// Bytes per channel: 12 read, 4 written. Accumulator: double. Deterministic. Restrictions: no aliasing.
extern "C" __global__ void __launch_bounds__(kThreads)
    affine_factors_backward(long long channels, const float *t, const float *factor_gradient, float *gradient) {
  constexpr double ln2 = 0.693147180559945309417;
  for (long long c = global_thread(); c < channels; c += grid_threads()) {
    const double bounded = tanh(static_cast<double>(t[c]));
    const double slope = factor_of(t[c]) * (ln2 * (1 - bounded * bounded));
    gradient[c] += static_cast<float>(static_cast<double>(factor_gradient[c]) * slope);
  }
}
KERNEL_EXPORT(affine_factors_backward)
