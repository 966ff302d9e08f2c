// Whether a step may be taken, and with which scale of its gradient: decided on the device, so that no step waits for
// its own loss, gradient or inversion residuals to reach the host.
#include "../include/revup_tables.h"
#include "reduce.cuh"

namespace revup {
namespace {

// The residual of a block's last evaluation, relative to the norm of what it gave.
__device__ double last_residual(const double *inversions, long long evaluations) {
  const double *last = inversions + 2 * (evaluations - 1);
  const double correction = sqrt(last[0]), norm = sqrt(last[1]);
  return norm > 0 ? correction / norm : correction;
}

// Bound of the remaining error from the last two corrections; there is none without a second one.
__device__ double error_bound(const double *inversions, long long evaluations, double residual, double rounding) {
  if (residual <= rounding) return residual;
  if (evaluations < 2) return HUGE_VAL;
  const double *last = inversions + 2 * (evaluations - 1);
  const double contraction = sqrt(last[0]) / sqrt(last[-2]);
  return contraction < 1 ? contraction / (1 - contraction) * residual : HUGE_VAL;
}

// The larger; a NaN is larger than everything.
__device__ double worse(double a, double b) { return a >= b || a != a ? a : b; }

}  // namespace
}  // namespace revup

using namespace revup;

// As revup_step_verdict of native/include/revup_cpu.h, whose restrictions the host sees to.
// Geometry: One block of 32 threads; a lane takes every 32nd of the blocks of the network, some hundreds.
// Bytes: up to 44 per block of the network. Accumulator: double. Deterministic. Restrictions: one warp.
extern "C" __global__ void step_verdict(long long blocks, long long stride, double averaging, double clip_norm,
                                        double hard_limit, double tolerance, double rounding, double *losses,
                                        const double *square_sum, const double *inversions, const double *evaluations,
                                        const float *coefficients, revup_optimizer_settings *settings,
                                        revup_step_outcome *outcome) {
  double worst = 0;
  long long refused = blocks;
  for (long long i = threadIdx.x; i < blocks; i += kWarp) {
    const long long count = static_cast<long long>(evaluations[i]);
    if (count == 0) continue;
    const double *block = inversions + 2 * i * stride;
    const double residual = last_residual(block, count);
    worst = worse(worst, residual);
    const bool converged =
        coefficients == nullptr || coefficients[i] < 1 || error_bound(block, count, residual, rounding) <= tolerance;
    if (!(residual <= hard_limit && converged) && i < refused) refused = i;
  }
  for (int offset = kWarp / 2; offset > 0; offset /= 2) {
    worst = worse(worst, __shfl_xor_sync(kAllLanes, worst, offset));
    const long long other = __shfl_xor_sync(kAllLanes, refused, offset);
    refused = other < refused ? other : refused;
  }
  if (threadIdx.x != 0) return;
  const double norm = sqrt(*square_sum) * averaging, loss = losses[0];
  // A difference with itself is 0 for every number, and a NaN for infinities and NaNs.
  const bool skip = loss - loss != 0 || norm - norm != 0 || refused < blocks;
  const double clipping = clip_norm > 0 && clip_norm < norm ? clip_norm / norm : 1.0;
  *outcome = {loss, losses[1], norm, skip ? 1.0 : 0.0, worst, refused < blocks ? static_cast<double>(refused) : -1.0};
  settings->gradient_scale = skip ? 0 : averaging * clipping;
  settings->skip = skip ? 1 : 0;
  losses[0] = losses[1] = 0;
}
KERNEL_EXPORT(step_verdict)
