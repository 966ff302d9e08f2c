#include <cmath>

#include "../../include/revup_reference.h"

namespace {

double value(revup_activation activation, double t) {
  if (t > 0 || activation == REVUP_IDENTITY) return t;
  return activation == REVUP_RELU ? 0 : std::expm1(t);
}

double slope(revup_activation activation, double t) {
  if (t > 0 || activation == REVUP_IDENTITY) return 1;
  return activation == REVUP_RELU ? 0 : std::exp(t);
}

}  // namespace

void revup_reference_preactivation_forward(int64_t count, revup_activation activation, const double *x, double a,
                                           double b, double *y) {
  for (int64_t i = 0; i < count; ++i) y[i] = value(activation, x[i] + a) + b;
}

void revup_reference_preactivation_backward(int64_t count, revup_activation activation, const double *x, double a,
                                            const double *dy, double scale, const double *residual, double *dx,
                                            double *sum_a, double *sum_b) {
  for (int64_t i = 0; i < count; ++i) {
    const double g = scale * dy[i];
    const double d = g * slope(activation, x[i] + a);
    if (sum_a != nullptr) *sum_a += d;
    if (sum_b != nullptr) *sum_b += g;
    dx[i] = (residual == nullptr ? 0 : residual[i]) + d;
  }
}
