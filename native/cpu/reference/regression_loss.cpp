#include <algorithm>
#include <cmath>

#include "oracle.h"

REVUP_ORACLE void revup_reference_regression_loss(int64_t batch, int64_t outputs, const double *values,
                                                  const double *targets, double delta, double gradient_scale,
                                                  double *gradient, double *statistics) {
  const double share = 1 / static_cast<double>(outputs);
  for (int64_t i = 0; i < batch * outputs; ++i) {
    const double e = values[i] - targets[i], size = std::abs(e);
    statistics[1] += share * size;
    if (delta <= 0) {
      statistics[0] += share * e * e;
      if (gradient != nullptr) gradient[i] = gradient_scale * share * 2 * e;
    } else {
      statistics[0] += share * (size <= delta ? e * e / 2 : delta * (size - delta / 2));
      if (gradient != nullptr) gradient[i] = gradient_scale * share * std::clamp(e, -delta, delta);
    }
  }
}
