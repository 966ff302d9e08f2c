#include "activation.h"

REVUP_ORACLE void revup_reference_preactivation_forward(int64_t count, revup_activation activation, const double *x,
                                                        double a, double b, double *y) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t partner = revup::reference_partner(activation, i);
    y[i] = revup::reference_value(activation, i, x[i] + a, x[partner] + a) + b;
  }
}

REVUP_ORACLE void revup_reference_preactivation_backward(int64_t count, revup_activation activation, const double *x,
                                                         double a, const double *dy, double scale,
                                                         const double *residual, double *dx, double *sum_a,
                                                         double *sum_b) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t partner = revup::reference_partner(activation, i);
    const double g = scale * dy[i], partner_g = scale * dy[partner];
    const double d = revup::reference_gradient(activation, i, x[i] + a, x[partner] + a, g, partner_g);
    if (sum_a != nullptr) *sum_a += d;
    if (sum_b != nullptr) *sum_b += g;
    dx[i] = (residual == nullptr ? 0 : residual[i]) + d;
  }
}

REVUP_ORACLE void revup_reference_preactivation_gradient(int64_t count, revup_activation activation, const double *y,
                                                         double b, const double *dy, double scale,
                                                         const double *residual, double *dx, double *narrow,
                                                         double *sum_a, double *sum_b) {
  for (int64_t i = 0; i < count; ++i) {
    const double g = scale * dy[i], d = revup::reference_gradient_of_result(activation, y[i], b, g);
    if (sum_a != nullptr) *sum_a += d;
    if (sum_b != nullptr) *sum_b += g;
    dx[i] = (residual == nullptr ? 0 : residual[i]) + d;
    if (narrow != nullptr) narrow[i] = dx[i];
  }
}
