#include <algorithm>
#include <cmath>

#include "oracle.h"

REVUP_ORACLE void revup_reference_binary_cross_entropy(int64_t batch, int64_t outputs, const double *logits,
                                                       const double *targets, double gradient_scale, double *gradient,
                                                       double *statistics) {
  for (int64_t n = 0; n < batch; ++n) {
    bool correct = true;
    for (int64_t k = 0; k < outputs; ++k) {
      const int64_t i = n * outputs + k;
      const double z = logits[i], t = targets[i];
      // log p = -log(1 + e^-z) and log(1 - p) = -log(1 + e^z), each by the exponential that does not overflow.
      const double tail = std::log1p(std::exp(-std::abs(z)));
      const double log_p = std::min(z, 0.0) - tail, log_q = std::min(-z, 0.0) - tail;
      statistics[0] -= (t * log_p + (1 - t) * log_q) / static_cast<double>(outputs);
      correct = correct && (z > 0) == (t > 0.5);
      if (gradient != nullptr) gradient[i] = gradient_scale / static_cast<double>(outputs) * (std::exp(log_p) - t);
    }
    if (correct) ++statistics[1];
  }
}
