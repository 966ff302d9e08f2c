#include <cmath>
#include <vector>

#include "oracle.h"

REVUP_ORACLE void revup_reference_step_verdict(int64_t blocks, int64_t stride, const revup_step_limits *limits,
                                               double *losses, const double *square_sum, const double *inversions,
                                               const double *evaluations, const float *coefficients,
                                               revup_optimizer_settings *settings, revup_step_outcome *outcome) {
  const auto [averaging, clip_norm, hard_limit, tolerance, rounding] = *limits;
  std::vector<double> residuals(static_cast<size_t>(blocks));
  std::vector<bool> converged(static_cast<size_t>(blocks), true);
  for (int64_t i = 0; i < blocks; ++i) {
    if (evaluations[i] == 0) continue;
    const int64_t last = i * stride + static_cast<int64_t>(evaluations[i]) - 1;
    const double correction = std::sqrt(inversions[2 * last]), norm = std::sqrt(inversions[2 * last + 1]);
    const double residual = norm > 0 ? correction / norm : correction;
    residuals[static_cast<size_t>(i)] = residual;
    if (coefficients == nullptr || coefficients[i] < 1) continue;
    if (residual <= rounding) {
      converged[static_cast<size_t>(i)] = residual <= tolerance;
    } else if (evaluations[i] < 2) {
      converged[static_cast<size_t>(i)] = false;
    } else {
      const double contraction = correction / std::sqrt(inversions[2 * last - 2]);
      converged[static_cast<size_t>(i)] = contraction < 1 && contraction / (1 - contraction) * residual <= tolerance;
    }
  }
  outcome->loss_sum = losses[0];
  outcome->correct = losses[1];
  outcome->gradient_norm = averaging * std::sqrt(*square_sum);
  outcome->residual = 0;
  for (const double residual : residuals) {
    if (std::isnan(residual) || residual > outcome->residual) outcome->residual = residual;
    if (std::isnan(residual)) break;
  }
  outcome->refused_block = -1;
  for (int64_t i = blocks - 1; i >= 0; --i) {
    const double residual = residuals[static_cast<size_t>(i)];
    const bool accepted = residual <= hard_limit && converged[static_cast<size_t>(i)];
    if (!accepted) outcome->refused_block = static_cast<double>(i);
  }
  const bool is_number = std::isfinite(losses[0]) && std::isfinite(outcome->gradient_norm);
  outcome->skip = is_number && outcome->refused_block == -1 ? 0 : 1;
  settings->skip = outcome->skip;
  settings->gradient_scale = averaging;
  if (clip_norm > 0 && outcome->gradient_norm > clip_norm) {
    settings->gradient_scale = averaging * (clip_norm / outcome->gradient_norm);
  }
  if (outcome->skip == 1) settings->gradient_scale = 0;
  losses[0] = 0;
  losses[1] = 0;
}
