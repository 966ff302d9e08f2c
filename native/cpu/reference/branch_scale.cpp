#include <algorithm>
#include <cmath>

#include "oracle.h"

REVUP_ORACLE void revup_reference_branch_scale_forward(revup_branch_bound mode, int64_t convolutions,
                                                       double coefficient, double multiplier, const double *sigmas,
                                                       double *scales, double *bound) {
  const int64_t m = convolutions;
  *bound = std::abs(multiplier);
  for (int64_t i = 0; i < m; ++i) *bound *= sigmas[i];
  double effective = multiplier;
  if (mode == REVUP_PER_LAYER) effective = multiplier / std::max(1.0, std::abs(multiplier));
  if (mode == REVUP_PER_BRANCH && *bound > coefficient) effective = multiplier * coefficient / *bound;
  for (int64_t i = 0; i < m; ++i) {
    const double alpha = mode == REVUP_PER_LAYER && sigmas[i] > coefficient ? coefficient / sigmas[i] : 1;
    scales[i] = alpha;
    scales[m + 1 + i] = i == m - 1 ? alpha * effective : alpha;
  }
  scales[m] = effective;
}

// By the chain rule through the weights alpha_i W_i and the effective multiplier of the loss. The dots are
// <wgrad_i, W_i>. wgrad is of the packed weights, for the last one before the effective multiplier.
REVUP_ORACLE void revup_reference_branch_scale_backward(revup_branch_bound mode, int64_t convolutions,
                                                        double coefficient, double multiplier, const double *sigmas,
                                                        const double *scales, const double *dots,
                                                        double *multiplier_gradient, double *sigma_gradients) {
  const int64_t m = convolutions;
  const double effective = scales[m], effective_gradient = scales[m - 1] * dots[m - 1];
  double bound = std::abs(multiplier);
  for (int64_t i = 0; i < m; ++i) bound *= sigmas[i];
  const bool held =
      (mode == REVUP_PER_LAYER && std::abs(multiplier) > 1) || (mode == REVUP_PER_BRANCH && bound > coefficient);
  // Held back, the effective multiplier is sign(s), or sign(s) c / product(sigma).
  if (!held) *multiplier_gradient += effective_gradient;
  for (int64_t i = 0; i < m; ++i) {
    sigma_gradients[i] = 0;
    if (mode == REVUP_PER_BRANCH && held) sigma_gradients[i] = effective_gradient * (-effective / sigmas[i]);
    if (mode == REVUP_PER_LAYER && sigmas[i] > coefficient) {
      const double alpha_gradient = dots[i] * (i == m - 1 ? effective : 1);
      sigma_gradients[i] = alpha_gradient * (-coefficient / (sigmas[i] * sigmas[i]));
    }
  }
}
