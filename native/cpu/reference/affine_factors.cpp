#include <cmath>

#include "oracle.h"

REVUP_ORACLE void revup_reference_affine_factors_forward(int64_t channels, const double *t, const double *b,
                                                         double *factor, double *inverse_factor,
                                                         double *inverse_shift) {
  for (int64_t c = 0; c < channels; ++c) {
    factor[c] = std::exp2(std::tanh(t[c]));
    inverse_factor[c] = std::exp2(-std::tanh(t[c]));
    inverse_shift[c] = -b[c] * inverse_factor[c];
  }
}

REVUP_ORACLE void revup_reference_affine_factors_backward(int64_t channels, const double *t,
                                                          const double *factor_gradient, double *gradient) {
  for (int64_t c = 0; c < channels; ++c) {
    const double hyperbolic_cosine = std::cosh(t[c]);
    gradient[c] +=
        factor_gradient[c] * std::exp2(std::tanh(t[c])) * std::log(2.0) / (hyperbolic_cosine * hyperbolic_cosine);
  }
}
