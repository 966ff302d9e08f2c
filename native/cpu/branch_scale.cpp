// From the multiplier s and the norms sigma of a branch's m convolutions to the factors it is computed with, and back.
// m is 2 or 3: one thread.
#include <cmath>

#include "status.h"

namespace revup {
namespace {

void require_mode(revup_branch_bound mode) {
  if (mode < REVUP_UNBOUNDED || mode > REVUP_PER_BRANCH) {
    fail("mode is " + std::to_string(mode) + "; it must be 0 (unbounded), 1 (per layer) or 2 (per branch)");
  }
}

// |s| times the product of the norms.
double product_bound(int64_t m, float multiplier, const float *sigmas) {
  double product = std::fabs(static_cast<double>(multiplier));
  for (int64_t i = 0; i < m; ++i) product *= static_cast<double>(sigmas[i]);
  return product;
}

float effective_multiplier(revup_branch_bound mode, float coefficient, float multiplier, double bound) {
  if (mode == REVUP_PER_LAYER) return multiplier / std::fmax(1.0f, std::fabs(multiplier));
  if (mode != REVUP_PER_BRANCH || !(bound > static_cast<double>(coefficient))) return multiplier;
  return static_cast<float>(static_cast<double>(multiplier) * (static_cast<double>(coefficient) / bound));
}

// Whether the multiplier is held back: the effective multiplier then no longer depends on it.
bool is_active(revup_branch_bound mode, float coefficient, float multiplier, double bound) {
  if (mode == REVUP_PER_LAYER) return std::fabs(multiplier) > 1;
  return mode == REVUP_PER_BRANCH && bound > static_cast<double>(coefficient);
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_branch_scale_forward(revup_branch_bound mode, int64_t convolutions, const float *coefficient,
                                        const float *multiplier, const float *sigmas, float *scales, double *bound) {
  return guarded([&] {
    require_mode(mode);
    require_count(convolutions, "convolutions");
    if (convolutions == 0) return;
    require_scalar(coefficient, "coefficient");
    require_scalar(multiplier, "multiplier");
    require_scalar(sigmas, "sigmas");
    require_scalar(scales, "scales");
    if (bound != nullptr) require_scalar(bound, "bound");
    const int64_t m = convolutions;
    const double product = product_bound(m, *multiplier, sigmas);
    const float effective = effective_multiplier(mode, *coefficient, *multiplier, product);
    for (int64_t i = 0; i < m; ++i) {
      scales[i] = mode == REVUP_PER_LAYER && sigmas[i] > *coefficient ? *coefficient / sigmas[i] : 1.0f;
      scales[m + 1 + i] = scales[i];
    }
    scales[m] = effective;
    scales[2 * m] *= effective;
    if (bound != nullptr) *bound = product;
  });
}

revup_status revup_branch_scale_backward(revup_branch_bound mode, int64_t convolutions, const float *coefficient,
                                         const float *multiplier, const float *sigmas, const float *scales,
                                         const double *dots, float *multiplier_gradient, float *sigma_gradients) {
  return guarded([&] {
    require_mode(mode);
    require_count(convolutions, "convolutions");
    if (convolutions == 0) return;
    require_scalar(coefficient, "coefficient");
    require_scalar(multiplier, "multiplier");
    require_scalar(sigmas, "sigmas");
    require_scalar(scales, "scales");
    require_scalar(dots, "dots");
    require_scalar(multiplier_gradient, "multiplier_gradient");
    require_scalar(sigma_gradients, "sigma_gradients");
    const int64_t m = convolutions;
    const double effective_gradient = static_cast<double>(scales[m - 1]) * dots[m - 1];
    const bool active = is_active(mode, *coefficient, *multiplier, product_bound(m, *multiplier, sigmas));
    if (!active) *multiplier_gradient += static_cast<float>(effective_gradient);
    for (int64_t i = 0; i < m; ++i) {
      const double sigma = static_cast<double>(sigmas[i]), effective = static_cast<double>(scales[m]);
      double gradient = 0;
      if (mode == REVUP_PER_BRANCH && active) {
        gradient = -effective_gradient * effective / sigma;
      } else if (mode == REVUP_PER_LAYER && sigmas[i] > *coefficient) {
        // The dot lacks alpha, which gamma has: gamma / alpha is 1, and the effective multiplier for the last one.
        gradient = -(i == m - 1 ? effective : 1.0) * dots[i] * static_cast<double>(*coefficient) / (sigma * sigma);
      }
      sigma_gradients[i] = static_cast<float>(gradient);
    }
  });
}
