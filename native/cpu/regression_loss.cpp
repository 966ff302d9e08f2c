// Squared error and Huber's loss, loss and gradient together.
#include <cmath>

#include "row_loss.h"

namespace revup {
namespace {

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
    const double scale = static_cast<double>(gradient_scale) / static_cast<double>(outputs);
    add_row_losses({batch, outputs, "outputs", values, "values"}, targets, gradient, statistics,
                   [=](const float *y, const float *t, float *dy) {
                     return evaluate_row(outputs, y, t, static_cast<double>(delta), scale, dy);
                   });
  });
}
