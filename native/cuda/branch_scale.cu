// From the multiplier s and the norms sigma of a branch's m convolutions to the factors it is computed with, and back,
// on the device, so that no step waits for a norm. The twin of native/cpu/branch_scale.cpp; revup_cpu.h has the
// formulas. scales: alpha [m], the effective multiplier [1], gamma [m].
#include "launch.cuh"

namespace revup {
namespace {

constexpr int kPerLayer = 1, kPerBranch = 2;  // revup_branch_bound; 0 is no control at all

// |s| times the product of the norms.
__device__ double product_bound(long long m, float multiplier, const float *sigmas) {
  double product = fabs(static_cast<double>(multiplier));
  for (long long i = 0; i < m; ++i) product *= static_cast<double>(sigmas[i]);
  return product;
}

__device__ float effective_multiplier(int mode, float coefficient, long long m, float multiplier, const float *sigmas) {
  if (mode == kPerLayer) return multiplier / fmaxf(1.0f, fabsf(multiplier));
  const double product = product_bound(m, multiplier, sigmas);
  if (mode != kPerBranch || !(product > coefficient)) return multiplier;
  return static_cast<float>(multiplier * (coefficient / product));
}

// Whether the multiplier is held back: the effective one then no longer depends on it.
__device__ bool is_active(int mode, float coefficient, long long m, float multiplier, const float *sigmas) {
  if (mode == kPerLayer) return fabsf(multiplier) > 1;
  return mode == kPerBranch && product_bound(m, multiplier, sigmas) > coefficient;
}

}  // namespace
}  // namespace revup

using namespace revup;

// alpha_i = per layer min(1, c / sigma_i), else 1; effective multiplier; gamma_i = alpha_i, the last one times the
// effective multiplier. The bound before that, |s| times the product of the norms, to bound unless it is null.
// Geometry: One block of 1 thread; m is 2 or 3. Bytes: 4 or 8 per scalar. Accumulator: double. Deterministic.
// Restrictions: none.
extern "C" __global__ void branch_scale_forward(int mode, const float *coefficient, long long convolutions,
                                                const float *multiplier, const float *sigmas, float *scales,
                                                double *bound) {
  if (global_thread() != 0) return;
  const float c = *coefficient;
  const long long m = convolutions;
  const float effective = effective_multiplier(mode, c, m, *multiplier, sigmas);
  if (bound != nullptr) *bound = product_bound(m, *multiplier, sigmas);
  for (long long i = 0; i < m; ++i) {
    scales[i] = mode == kPerLayer && sigmas[i] > c ? c / sigmas[i] : 1.0f;
    scales[m + 1 + i] = scales[i];
  }
  scales[m] = effective;
  scales[2 * m] *= effective;
}
KERNEL_EXPORT(branch_scale_forward)

// From dots[i] = <wgrad_i, W_i>: *multiplier_gradient is added to, sigma_gradients [m] are overwritten.
// Geometry: One block of 1 thread; m is 2 or 3. Bytes: 4 or 8 per scalar. Accumulator: double. Deterministic.
// Restrictions: none.
extern "C" __global__ void branch_scale_backward(int mode, const float *coefficient, long long convolutions,
                                                 const float *multiplier, const float *sigmas, const float *scales,
                                                 const double *dots, float *multiplier_gradient,
                                                 float *sigma_gradients) {
  if (global_thread() != 0) return;
  const float c = *coefficient;
  const long long m = convolutions;
  const double effective_gradient = static_cast<double>(scales[m - 1]) * dots[m - 1];
  const bool active = is_active(mode, c, m, *multiplier, sigmas);
  *multiplier_gradient += active ? 0.0f : static_cast<float>(effective_gradient);
  for (long long i = 0; i < m; ++i) {
    const double sigma = static_cast<double>(sigmas[i]);
    double gradient = 0;
    if (mode == kPerBranch && active) {
      gradient = -effective_gradient * scales[m] / sigma;
    } else if (mode == kPerLayer && sigmas[i] > c) {
      // The dot without the factor alpha of gamma: gamma / alpha is 1, and the effective multiplier for the last one.
      gradient = -(i == m - 1 ? scales[m] : 1.0) * dots[i] * c / (sigma * sigma);
    }
    sigma_gradients[i] = static_cast<float>(gradient);
  }
}
KERNEL_EXPORT(branch_scale_backward)
