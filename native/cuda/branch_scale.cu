// From the multiplier s and the norms sigma of a branch's m convolutions to the factors it is computed with, and back,
// on the device, so that no step waits for a norm. The twin of native/cpu/branch_scale.cpp; revup_cpu.h has the
// formulas. scales: alpha [m], the effective multiplier [1], gamma [m]. The kernels named ..._all do the same for many
// branches; the host's BranchOperands has the fields of their table.
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

// The operands of one branch.
struct BranchOperands {
  long long mode, convolutions;
  const float *coefficient, *multiplier, *sigmas;
  float *scales;
  double *bound;  // null: not wanted
  const double *dots;
  float *multiplier_gradient, *sigma_gradients;
};

__device__ void scale_forward(const BranchOperands &branch) {
  const int mode = static_cast<int>(branch.mode);
  const float c = *branch.coefficient, *sigmas = branch.sigmas;
  const long long m = branch.convolutions;
  float *scales = branch.scales;
  const float effective = effective_multiplier(mode, c, m, *branch.multiplier, sigmas);
  if (branch.bound != nullptr) *branch.bound = product_bound(m, *branch.multiplier, sigmas);
  for (long long i = 0; i < m; ++i) {
    scales[i] = mode == kPerLayer && sigmas[i] > c ? c / sigmas[i] : 1.0f;
    scales[m + 1 + i] = scales[i];
  }
  scales[m] = effective;
  scales[2 * m] *= effective;
}

__device__ void scale_backward(const BranchOperands &branch) {
  const int mode = static_cast<int>(branch.mode);
  const float c = *branch.coefficient, *sigmas = branch.sigmas, *scales = branch.scales;
  const double *dots = branch.dots;
  const long long m = branch.convolutions;
  const double effective_gradient = static_cast<double>(scales[m - 1]) * dots[m - 1];
  const bool active = is_active(mode, c, m, *branch.multiplier, sigmas);
  *branch.multiplier_gradient += active ? 0.0f : static_cast<float>(effective_gradient);
  for (long long i = 0; i < m; ++i) {
    const double sigma = static_cast<double>(sigmas[i]);
    double gradient = 0;
    if (mode == kPerBranch && active) {
      gradient = -effective_gradient * scales[m] / sigma;
    } else if (mode == kPerLayer && sigmas[i] > c) {
      // The dot without the factor alpha of gamma: gamma / alpha is 1, and the effective multiplier for the last one.
      gradient = -(i == m - 1 ? scales[m] : 1.0) * dots[i] * c / (sigma * sigma);
    }
    branch.sigma_gradients[i] = static_cast<float>(gradient);
  }
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
  scale_forward({mode, convolutions, coefficient, multiplier, sigmas, scales, bound, nullptr, nullptr, nullptr});
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
  scale_backward({mode, convolutions, coefficient, multiplier, sigmas, const_cast<float *>(scales), nullptr, dots,
                  multiplier_gradient, sigma_gradients});
}
KERNEL_EXPORT(branch_scale_backward)

// branch_scale_forward of each branch.
// Geometry: Elementwise; a thread owns a branch. Bytes: 4 or 8 per scalar. Accumulator: double. Deterministic.
// Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads)
    branch_scale_forward_all(long long branches, const BranchOperands *table) {
  for (long long i = global_thread(); i < branches; i += grid_threads()) scale_forward(table[i]);
}
KERNEL_EXPORT(branch_scale_forward_all)

// branch_scale_backward of each branch.
// Geometry: Elementwise; a thread owns a branch. Bytes: 4 or 8 per scalar. Accumulator: double. Deterministic.
// Restrictions: none.
extern "C" __global__ void __launch_bounds__(kThreads)
    branch_scale_backward_all(long long branches, const BranchOperands *table) {
  for (long long i = global_thread(); i < branches; i += grid_threads()) scale_backward(table[i]);
}
KERNEL_EXPORT(branch_scale_backward_all)
