#include "activation.h"

REVUP_ORACLE void revup_reference_residual_add(int64_t count, const double *x, const double *z, double s, double *y) {
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] + s * z[i];
}

REVUP_ORACLE void revup_reference_residual_subtract(int64_t count, const double *x, const double *z, double s,
                                                    double *y) {
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] - s * z[i];
}

REVUP_ORACLE void revup_reference_fixed_point_step(int64_t count, int32_t adds, const double *y, const double *z,
                                                   double s, const double *x, double *x_next, double *statistics) {
  if (adds == 0) statistics[0] = statistics[1] = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double next = y[i] - s * z[i];
    statistics[0] += (next - x[i]) * (next - x[i]);
    statistics[1] += next * next;
    x_next[i] = next;
  }
}

REVUP_ORACLE void revup_reference_residual_add_ahead(int64_t count, const double *x, const double *z, double s,
                                                     double *y, revup_activation activation, double a, double b,
                                                     double *p) {
  for (int64_t i = 0; i < count; ++i) y[i] = (x == nullptr ? 0 : x[i]) + s * z[i];
  for (int64_t i = 0; i < count; ++i) {
    p[i] = revup::reference_value(activation, i, y[i] + a, y[revup::reference_partner(activation, i)] + a) + b;
  }
}

REVUP_ORACLE void revup_reference_fixed_point_step_ahead(int64_t count, const double *y, const double *z, double s,
                                                         const double *x, double *x_next, double *statistics,
                                                         revup_activation activation, double a, double b, double *p) {
  statistics[0] = statistics[1] = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double previous = x == nullptr ? y[i] : x[i];
    x_next[i] = y[i] - s * z[i];
    statistics[0] += (x_next[i] - previous) * (x_next[i] - previous);
    statistics[1] += x_next[i] * x_next[i];
  }
  for (int64_t i = 0; i < count; ++i) {
    const int64_t partner = revup::reference_partner(activation, i);
    p[i] = revup::reference_value(activation, i, x_next[i] + a, x_next[partner] + a) + b;
  }
}
