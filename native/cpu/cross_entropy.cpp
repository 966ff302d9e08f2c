// Softmax cross-entropy with soft targets, loss and gradient together. A row is read once; its gradient holds e^(x -
// max) until the sum is known.
#include <cmath>

#include "exponential.h"
#include "largest.h"
#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

struct RowResult {
  double loss;
  bool correct;
};

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
  return {std::log(exponentials) * target_sum - agreement, predicted == expected && expected < classes};
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_cross_entropy(int64_t batch, int64_t classes, const float *logits, const float *targets,
                                 float gradient_scale, float *gradient, double *statistics) {
  return guarded([&] {
    require_count(batch, "batch");
    require_count(classes, "classes");
    if (element_count({batch, classes}, "logits") == 0) return;
    require_pointer(logits, "logits");
    require_pointer(targets, "targets");
    if (gradient != nullptr) require_pointer(gradient, "gradient");
    require_scalar(statistics, "statistics");
    const auto evaluate = gradient == nullptr ? evaluate_row<false> : evaluate_row<true>;
    const auto sums = parallel_sum_items<2>(batch, classes, [=](int64_t begin, int64_t end) {
      std::array<double, 2> sum{};
      for (int64_t n = begin; n < end; ++n) {
        const int64_t row = n * classes;
        float *gradient_row = gradient == nullptr ? nullptr : gradient + row;
        const RowResult result = evaluate(classes, logits + row, targets + row, gradient_scale, gradient_row);
        sum[0] += result.loss;
        sum[1] += result.correct ? 1 : 0;
      }
      return sum;
    });
    statistics[0] += sums[0];
    statistics[1] += sums[1];
  });
}
