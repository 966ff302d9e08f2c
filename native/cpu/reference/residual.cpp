#include "../../include/revup_reference.h"

void revup_reference_residual_add(int64_t count, const double *x, const double *z, double s, double *y) {
  for (int64_t i = 0; i < count; ++i) y[i] = x[i] + s * z[i];
}

void revup_reference_fixed_point_step(int64_t count, const double *y, const double *z, double s, const double *x,
                                      double *x_next, double *difference, double *norm) {
  *difference = 0;
  *norm = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double next = y[i] - s * z[i];
    *difference += (next - x[i]) * (next - x[i]);
    *norm += next * next;
    x_next[i] = next;
  }
}
