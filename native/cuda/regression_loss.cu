// Squared error and Huber's loss, loss and gradient together.
#include "reduce.cuh"

using namespace revup;

// statistics += {sum over rows of the mean of e^2, or where delta > 0 of Huber's loss; sum over rows of the mean of
// |e|}, e = values - targets; gradient (null: none) = gradient_scale / outputs * the loss's derivative.
// Geometry: RowPerWarp over batch; ceil(batch / 8) blocks of 8 warps, at most 1024.
// Bytes per element: 8 read, 4 written.
// Accumulator: double. Deterministic for one grid size. Restrictions: gradient may alias values.
extern "C" __global__ void __launch_bounds__(kThreads)
    regression_loss(long long batch, long long outputs, const float *values, const float *targets, float delta,
                    float gradient_scale, float *gradient, double *statistics, double *partials, unsigned *counter) {
  const bool is_first_lane = threadIdx.x % kWarp == 0;
  const double limit = delta, count = static_cast<double>(outputs), scale = gradient_scale / count;
  double sums[2] = {};
  for (long long n = global_thread() / kWarp; n < batch; n += grid_threads() / kWarp) {
    double loss = 0, absolute = 0;
    for (long long k = threadIdx.x % kWarp; k < outputs; k += kWarp) {
      const long long i = n * outputs + k;
      const double e = static_cast<double>(values[i]) - static_cast<double>(targets[i]), size = fabs(e);
      absolute += size;
      double slope = 2 * e;
      if (limit > 0) {
        // Written so that a NaN passes.
        slope = size > limit ? copysign(limit, e) : e;
        loss += size > limit ? limit * (size - limit / 2) : e * e / 2;
      } else {
        loss += e * e;
      }
      if (gradient != nullptr) gradient[i] = static_cast<float>(scale * slope);
    }
    loss = warp_sum(loss);
    absolute = warp_sum(absolute);
    sums[0] += is_first_lane ? loss / count : 0.0;
    sums[1] += is_first_lane ? absolute / count : 0.0;
  }
  if (!grid_sum(sums, partials, counter) || threadIdx.x != 0) return;
  statistics[0] += sums[0];
  statistics[1] += sums[1];
}
KERNEL_EXPORT(regression_loss)
