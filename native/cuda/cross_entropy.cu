// Softmax cross-entropy with soft targets, loss and gradient together.
#include "largest.cuh"
#include "reduce.cuh"

namespace revup {
namespace {

// Takes loss = log(sum e^z) * sum t - sum t z, z = logit - max, in double. A lane reads an element of the logits for
// the last time just before it writes the same element of the gradient.
__device__ double evaluate_row(long long classes, const float *logits, const float *targets, float gradient_scale,
                               float *gradient, double *correct) {
  const Largest predicted = largest(classes, logits, kWarp), expected = largest(classes, targets, kWarp);
  double exponentials = 0, target_sum = 0, agreement = 0;
  for (long long c = threadIdx.x % kWarp; c < classes; c += kWarp) {
    const float z = logits[c] - predicted.value, t = targets[c];
    exponentials += static_cast<double>(expf(z));
    target_sum += static_cast<double>(t);
    // A class that is masked with -infinity and has no target costs nothing.
    agreement += t == 0.0f ? 0.0 : static_cast<double>(t) * static_cast<double>(z);
  }
  exponentials = warp_sum(exponentials);
  target_sum = warp_sum(target_sum);
  agreement = warp_sum(agreement);
  if (gradient != nullptr) {
    const float normalizer = static_cast<float>(target_sum / exponentials);
    for (long long c = threadIdx.x % kWarp; c < classes; c += kWarp) {
      gradient[c] = gradient_scale * (expf(logits[c] - predicted.value) * normalizer - targets[c]);
    }
  }
  *correct = predicted.index == expected.index && expected.index < classes ? 1.0 : 0.0;
  return log(exponentials) * target_sum - agreement;
}

}  // namespace
}  // namespace revup

using namespace revup;

// statistics += {sum over rows of -sum_c targets * log softmax(logits), rows whose largest logit has the index of the
// largest target}; gradient (null: none) = gradient_scale * (softmax(logits) * sum of the row's targets - targets).
// Geometry: RowPerWarp over batch; ceil(batch / 8) blocks of 8 warps, at most 1024.
// Bytes per element: 8 read from memory, twice more from the cache; 4 written.
// Accumulator: double. Deterministic for one grid size. Restrictions: gradient may alias logits.
extern "C" __global__ void __launch_bounds__(kThreads)
    cross_entropy(long long batch, long long classes, const float *logits, const float *targets, float gradient_scale,
                  float *gradient, double *statistics, double *partials, unsigned *counter) {
  const bool is_first_lane = threadIdx.x % kWarp == 0;
  double sums[2] = {};
  for (long long n = global_thread() / kWarp; n < batch; n += grid_threads() / kWarp) {
    const long long row = n * classes;
    float *gradient_row = gradient == nullptr ? nullptr : gradient + row;
    double correct;
    const double loss = evaluate_row(classes, logits + row, targets + row, gradient_scale, gradient_row, &correct);
    sums[0] += is_first_lane ? loss : 0.0;
    sums[1] += is_first_lane ? correct : 0.0;
  }
  if (!grid_sum(sums, partials, counter) || threadIdx.x != 0) return;
  statistics[0] += sums[0];
  statistics[1] += sums[1];
}
KERNEL_EXPORT(cross_entropy)
