// Binary cross-entropy of sigmoids with soft targets, loss and gradient together.
#include "reduce.cuh"

using namespace revup;

// statistics += {sum over rows of the mean of -(t log p + (1 - t) log(1 - p)), rows whose outputs are all right}, p =
// sigmoid(logits), t = targets; gradient (null: none) = gradient_scale / outputs * (p - t).
// With q = sigmoid(-|z|) and w the weight of the answer that the sign of z denies, the loss is
// w * |z| + log(1 + e^-|z|), and its derivative is w - q away from that answer: neither loses digits where p is nearly
// 0 or 1.
// Geometry: RowPerWarp over batch; ceil(batch / 8) blocks of 8 warps, at most 1024.
// Bytes per element: 8 read, 4 written.
// Accumulator: double. Deterministic for one grid size. Restrictions: gradient may alias logits.
extern "C" __global__ void __launch_bounds__(kThreads)
    binary_cross_entropy(long long batch, long long outputs, const float *logits, const float *targets,
                         float gradient_scale, float *gradient, double *statistics, double *partials,
                         unsigned *counter) {
  const bool is_first_lane = threadIdx.x % kWarp == 0;
  const float scale = gradient_scale / static_cast<float>(outputs);
  double sums[2] = {};
  for (long long n = global_thread() / kWarp; n < batch; n += grid_threads() / kWarp) {
    double loss = 0, wrong = 0;
    for (long long k = threadIdx.x % kWarp; k < outputs; k += kWarp) {
      const long long i = n * outputs + k;
      const float z = logits[i], t = targets[i];
      const bool is_positive = z > 0;
      const float denied = is_positive ? 1 - t : t, e = expf(-fabsf(z));
      // An infinite logit on the right side costs nothing.
      loss += denied == 0.0f ? 0.0 : static_cast<double>(denied) * fabs(static_cast<double>(z));
      loss += log1p(static_cast<double>(e));
      wrong += is_positive == (t > 0.5f) ? 0.0 : 1.0;
      if (gradient != nullptr) {
        const float difference = denied - e / (1 + e);
        gradient[i] = scale * (is_positive ? difference : -difference);
      }
    }
    loss = warp_sum(loss);
    wrong = warp_sum(wrong);
    sums[0] += is_first_lane ? loss / static_cast<double>(outputs) : 0.0;
    sums[1] += is_first_lane && wrong == 0 ? 1.0 : 0.0;
  }
  if (!grid_sum(sums, partials, counter) || threadIdx.x != 0) return;
  statistics[0] += sums[0];
  statistics[1] += sums[1];
}
KERNEL_EXPORT(binary_cross_entropy)
