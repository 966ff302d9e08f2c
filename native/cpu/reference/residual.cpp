#include "oracle.h"

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
