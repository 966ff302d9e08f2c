// Squared error and Huber's loss, loss and gradient together.
#include <cmath>

#include "parallel.h"
#include "shape.h"

namespace revup {
namespace {

struct RowResult {
  double loss, absolute;
};

RowResult evaluate_row(int64_t outputs, const float *values, const float *targets, double delta, double scale,
                       float *gradient) {
  double loss = 0, absolute = 0;
  for (int64_t k = 0; k < outputs; ++k) {
    const double e = static_cast<double>(values[k]) - static_cast<double>(targets[k]), size = std::fabs(e);
    absolute += size;
    double slope = 2 * e;
    if (delta > 0) {
      // Written so that a NaN passes.
      slope = size > delta ? std::copysign(delta, e) : e;
      loss += size > delta ? delta * (size - delta / 2) : e * e / 2;
    } else {
      loss += e * e;
    }
    if (gradient != nullptr) gradient[k] = static_cast<float>(scale * slope);
  }
  const double count = static_cast<double>(outputs);
  return {loss / count, absolute / count};
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_regression_loss(int64_t batch, int64_t outputs, const float *values, const float *targets,
                                   float delta, float gradient_scale, float *gradient, double *statistics) {
  return guarded([&] {
    require_count(batch, "batch");
    require_count(outputs, "outputs");
    if (element_count({batch, outputs}, "values") == 0) return;
    require_pointer(values, "values");
    require_pointer(targets, "targets");
    if (gradient != nullptr) require_pointer(gradient, "gradient");
    require_scalar(statistics, "statistics");
    const double scale = static_cast<double>(gradient_scale) / static_cast<double>(outputs);
    const auto sums = parallel_sum_items<2>(batch, outputs, [=](int64_t begin, int64_t end) {
      std::array<double, 2> sum{};
      for (int64_t n = begin; n < end; ++n) {
        const int64_t row = n * outputs;
        const RowResult result = evaluate_row(outputs, values + row, targets + row, static_cast<double>(delta), scale,
                                              gradient == nullptr ? nullptr : gradient + row);
        sum[0] += result.loss;
        sum[1] += result.absolute;
      }
      return sum;
    });
    statistics[0] += sums[0];
    statistics[1] += sums[1];
  });
}
