#include <algorithm>
#include <cmath>

#include "oracle.h"

REVUP_ORACLE void revup_reference_cross_entropy(int64_t batch, int64_t classes, const double *logits,
                                                const double *targets, double gradient_scale, double *gradient,
                                                double *statistics) {
  for (int64_t n = 0; n < batch; ++n) {
    const double *x = logits + n * classes, *t = targets + n * classes;
    const double *largest = std::max_element(x, x + classes);
    if (largest - x == std::max_element(t, t + classes) - t) ++statistics[1];
    const double peak = *largest;  // the gradient may overwrite the logits
    double sum = 0, target_sum = 0;
    for (int64_t c = 0; c < classes; ++c) target_sum += t[c];
    for (int64_t c = 0; c < classes; ++c) sum += std::exp(x[c] - peak);
    for (int64_t c = 0; c < classes; ++c) {
      const double log_softmax = x[c] - peak - std::log(sum);
      if (t[c] != 0) statistics[0] -= t[c] * log_softmax;
      if (gradient != nullptr) gradient[n * classes + c] = gradient_scale * (std::exp(log_softmax) * target_sum - t[c]);
    }
  }
}
