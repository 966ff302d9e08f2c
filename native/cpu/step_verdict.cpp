// Whether a step may be taken, and with which scale of its gradient.
#include <algorithm>
#include <cmath>

#include "status.h"

namespace revup {
namespace {

void require_at_least(double value, const char *name, double least) {
  if (!(value >= least)) fail(std::string(name) + " is " + std::to_string(value) + "; it must not be less or a NaN");
}

// The residual of a block's last evaluation, relative to the norm of what it gave.
double last_residual(const double *inversions, int64_t evaluations) {
  const double *last = inversions + 2 * (evaluations - 1);
  const double correction = std::sqrt(last[0]), norm = std::sqrt(last[1]);
  return norm > 0 ? correction / norm : correction;
}

// Bound of the remaining error from the last two corrections; there is none without a second one.
double error_bound(const double *inversions, int64_t evaluations, double residual, double rounding) {
  if (residual <= rounding) return residual;
  if (evaluations < 2) return HUGE_VAL;
  const double *last = inversions + 2 * (evaluations - 1);
  const double contraction = std::sqrt(last[0]) / std::sqrt(last[-2]);
  return contraction < 1 ? contraction / (1 - contraction) * residual : HUGE_VAL;
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_step_verdict(int64_t blocks, int64_t stride, const revup_step_limits *limits, double *losses,
                                const double *square_sum, const double *inversions, const double *evaluations,
                                const float *coefficients, revup_optimizer_settings *settings,
                                revup_step_outcome *outcome) {
  return guarded([&] {
    require_count(blocks, "blocks");
    require_count(stride, "stride");
    require_scalar(limits, "limits");
    const auto [averaging, clip_norm, hard_limit, tolerance, rounding] = *limits;
    require_at_least(averaging, "averaging", 0);
    require_at_least(clip_norm, "clip_norm", 0);
    require_at_least(hard_limit, "hard_limit", 0);
    require_at_least(tolerance, "tolerance", 0);
    require_at_least(rounding, "rounding", 0);
    require_scalar(losses, "losses");
    require_scalar(square_sum, "square_sum");
    require_scalar(settings, "settings");
    require_scalar(outcome, "outcome");
    if (blocks > 0) {
      require_scalar(inversions, "inversions");
      require_scalar(evaluations, "evaluations");
      if (coefficients != nullptr) require_scalar(coefficients, "coefficients");
    }
    for (int64_t i = 0; i < blocks; ++i) {
      if (!(evaluations[i] >= 0 && evaluations[i] <= static_cast<double>(stride))) {
        fail("evaluations of block " + std::to_string(i) + " are " + std::to_string(evaluations[i]) +
             "; there is room for 0 to " + std::to_string(stride));
      }
    }
    double worst = 0;
    int64_t refused = -1;
    for (int64_t i = 0; i < blocks; ++i) {
      const int64_t count = static_cast<int64_t>(evaluations[i]);
      if (count == 0) continue;
      const double *block = inversions + 2 * i * stride;
      const double residual = last_residual(block, count);
      const bool converged =
          coefficients == nullptr || coefficients[i] < 1 || error_bound(block, count, residual, rounding) <= tolerance;
      if (!(residual <= hard_limit && converged) && refused < 0) refused = i;
      if (!(residual <= worst) && !std::isnan(worst)) worst = residual;  // a NaN is the worst and stays it
    }
    const double norm = std::sqrt(*square_sum) * averaging;
    const bool skip = !std::isfinite(losses[0]) || !std::isfinite(norm) || refused >= 0;
    const double clipping = clip_norm > 0 ? std::min(1.0, clip_norm / norm) : 1.0;
    *outcome = {losses[0], losses[1], norm, skip ? 1.0 : 0.0, worst, static_cast<double>(refused)};
    settings->gradient_scale = skip ? 0 : averaging * clipping;
    settings->skip = outcome->skip;
    losses[0] = losses[1] = 0;
  });
}
