#include "activation.h"

void revup_reference_preactivation_forward(int64_t count, revup_activation activation, const double *x, double a,
                                           double b, double *y) {
  for (int64_t i = 0; i < count; ++i) y[i] = revup::reference_value(activation, x[i] + a) + b;
}

void revup_reference_preactivation_backward(int64_t count, revup_activation activation, const double *x, double a,
                                            const double *dy, double scale, const double *residual, double *dx,
                                            double *sum_a, double *sum_b) {
  for (int64_t i = 0; i < count; ++i) {
    const double g = scale * dy[i];
    const double d = g * revup::reference_slope(activation, x[i] + a);
    if (sum_a != nullptr) *sum_a += d;
    if (sum_b != nullptr) *sum_b += g;
    dx[i] = (residual == nullptr ? 0 : residual[i]) + d;
  }
}
