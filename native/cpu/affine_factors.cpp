// From the trained t and b of a per-channel affine layer to the numbers it is computed with, and back. One thread: the
// channels are few.
#include <cmath>

#include "status.h"

namespace revup {
namespace {

// 2^tanh(t): between 1/2 and 2.
double factor_of(double tangent) { return std::pow(2.0, tangent); }

}  // namespace
}  // namespace revup

using namespace revup;

revup_status revup_affine_factors_forward(int64_t channels, const float *t, const float *b, float *factor,
                                          float *inverse_factor, float *inverse_shift) {
  return guarded([&] {
    require_count(channels, "channels");
    if (channels == 0) return;
    require_scalar(t, "t");
    require_scalar(b, "b");
    require_scalar(factor, "factor");
    require_scalar(inverse_factor, "inverse_factor");
    require_scalar(inverse_shift, "inverse_shift");
    for (int64_t c = 0; c < channels; ++c) {
      const double a = factor_of(std::tanh(static_cast<double>(t[c])));
      factor[c] = static_cast<float>(a);
      inverse_factor[c] = static_cast<float>(1 / a);
      inverse_shift[c] = static_cast<float>(-static_cast<double>(b[c]) / a);
    }
  });
}

revup_status revup_affine_factors_backward(int64_t channels, const float *t, const float *factor_gradient,
                                           float *gradient) {
  return guarded([&] {
    require_count(channels, "channels");
    if (channels == 0) return;
    require_scalar(t, "t");
    require_scalar(factor_gradient, "factor_gradient");
    require_scalar(gradient, "gradient");
    constexpr double ln2 = 0.693147180559945309417;
    for (int64_t c = 0; c < channels; ++c) {
      const double tangent = std::tanh(static_cast<double>(t[c]));
      const double slope = ln2 * (1 - tangent * tangent);
      gradient[c] += static_cast<float>(static_cast<double>(factor_gradient[c]) * factor_of(tangent) * slope);
    }
  });
}
