// Softmax cross-entropy with soft targets, loss and gradient together. A row is read once; its gradient holds e^(x -
// max) until the sum is known.
#include <cmath>

#include "exponential.h"
#include "largest.h"
#include "row_loss.h"

namespace revup {
namespace {

// Takes loss = log(sum e^z) * sum t - sum t z, z = logit - max, in double.
template <bool has_gradient>
RowResult evaluate_row(int64_t classes, const float *logits, const float *targets, float gradient_scale,
                       float *gradient) {
  const float peak = largest(classes, logits);
  // Before the gradient may overwrite the logits. A row of NaN has no prediction: `classes`, which no target has.
  const int64_t predicted = std::find(logits, logits + classes, peak) - logits;
  const int64_t expected = std::find(targets, targets + classes, largest(classes, targets)) - targets;
  double exponentials = 0, target_sum = 0, agreement = 0;
#pragma omp simd reduction(+ : exponentials, target_sum, agreement)
  for (int64_t c = 0; c < classes; ++c) {
    const float z = logits[c] - peak, e = exponential(z), t = targets[c];
    exponentials += static_cast<double>(e);
    target_sum += static_cast<double>(t);
    // A class that is masked with -infinity and has no target costs nothing.
    agreement += t == 0.0f ? 0.0 : static_cast<double>(t) * static_cast<double>(z);
    if constexpr (has_gradient) gradient[c] = e;
  }
  if constexpr (has_gradient) {
    const float normalizer = static_cast<float>(target_sum / exponentials);
#pragma omp simd
    for (int64_t c = 0; c < classes; ++c) gradient[c] = gradient_scale * (gradient[c] * normalizer - targets[c]);
  }
  const bool correct = predicted == expected && expected < classes;
  return {std::log(exponentials) * target_sum - agreement, correct ? 1.0 : 0.0};
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_cross_entropy(int64_t batch, int64_t classes, const float *logits, const float *targets,
                                 float gradient_scale, float *gradient, double *statistics) {
  return guarded([&] {
    const auto evaluate = gradient == nullptr ? evaluate_row<false> : evaluate_row<true>;
    add_row_losses(
        {batch, classes, "classes", logits, "logits"}, targets, gradient, statistics,
        [=](const float *z, const float *t, float *dz) { return evaluate(classes, z, t, gradient_scale, dz); });
  });
}
