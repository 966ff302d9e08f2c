// Binary cross-entropy of sigmoids with soft targets, loss and gradient together.
#include <cmath>

#include "exponential.h"
#include "row_loss.h"

namespace revup {
namespace {

// With q = sigmoid(-|z|) and w the weight of the answer that the sign of z denies, the loss is
// w * |z| + log(1 + e^-|z|), and its derivative is w - q away from that answer: neither loses digits where p is nearly
// 0 or 1.
template <bool has_gradient>
RowResult evaluate_row(int64_t outputs, const float *logits, const float *targets, float scale, float *gradient) {
  double loss = 0;
  bool correct = true;
  for (int64_t k = 0; k < outputs; ++k) {
    const float z = logits[k], t = targets[k];
    const bool is_positive = z > 0;
    const float denied = is_positive ? 1 - t : t, e = exponential(-std::fabs(z));
    // An infinite logit on the right side costs nothing.
    loss += denied == 0.0f ? 0.0 : static_cast<double>(denied) * std::fabs(static_cast<double>(z));
    loss += std::log1p(static_cast<double>(e));
    correct = correct && is_positive == (t > 0.5f);
    if constexpr (has_gradient) {
      const float difference = denied - e / (1 + e);
      gradient[k] = scale * (is_positive ? difference : -difference);
    }
  }
  return {loss / static_cast<double>(outputs), correct ? 1.0 : 0.0};
}

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_binary_cross_entropy(int64_t batch, int64_t outputs, const float *logits, const float *targets,
                                        float gradient_scale, float *gradient, double *statistics) {
  return guarded([&] {
    const auto evaluate = gradient == nullptr ? evaluate_row<false> : evaluate_row<true>;
    const float scale = gradient_scale / static_cast<float>(outputs);
    add_row_losses({batch, outputs, "outputs", logits, "logits"}, targets, gradient, statistics,
                   [=](const float *z, const float *t, float *dz) { return evaluate(outputs, z, t, scale, dz); });
  });
}
